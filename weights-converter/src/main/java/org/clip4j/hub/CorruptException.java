package org.clip4j.hub;

import java.io.IOException;

/** What was received is not what was announced; and has to be fetched again. Never leaves this package. */
final class CorruptException extends IOException {
    private static final long serialVersionUID = 1;

    CorruptException(String message) {
        super(message);
    }
}
