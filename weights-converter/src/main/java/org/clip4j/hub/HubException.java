package org.clip4j.hub;

import java.io.IOException;
import org.clip4j.weights.ModelFileException;

/** A published model cannot be had; the message is one line that says what, where, expected, actual and the remedy. */
public final class HubException extends IOException {
    private static final long serialVersionUID = 1;

    private final boolean input;

    private HubException(String message, boolean input, Throwable cause) {
        super(ModelFileException.oneLine(message), cause);
        this.input = input;
    }

    /** The name, address or token that the user gave does not lead to a model. */
    static HubException input(String message) {
        return new HubException(message, true, null);
    }

    /** The network or a server failed, although what the user gave may be right. */
    static HubException failure(String message) {
        return failure(message, null);
    }

    static HubException failure(String message, Throwable cause) {
        return new HubException(message, false, cause);
    }

    /** Whether another name, address or token is the remedy, rather than another attempt. */
    public boolean isInput() {
        return input;
    }
}
