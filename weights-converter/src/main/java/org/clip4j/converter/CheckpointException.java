package org.clip4j.converter;

import java.io.IOException;
import org.clip4j.weights.ModelFileException;

/** A checkpoint cannot be converted; the message is one line that says what, where, expected and actual. */
public final class CheckpointException extends IOException {
    private static final long serialVersionUID = 1;

    /** An error found by looking at the checkpoint. */
    public CheckpointException(String message) {
        super(ModelFileException.oneLine(message));
    }

    /** An error that something else reported. */
    public CheckpointException(String message, Throwable cause) {
        super(ModelFileException.oneLine(message), cause);
    }
}
