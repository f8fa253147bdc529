package org.clip4j.hub;

import java.io.IOException;
import java.time.Duration;
import java.util.Optional;

/** An attempt failed in a way that another one may not. Never leaves this package. */
final class TransientException extends IOException {
    private static final long serialVersionUID = 1;

    private final transient Optional<Duration> retryAfter;

    TransientException(String message, Optional<Duration> retryAfter, Throwable cause) {
        super(message, cause);
        this.retryAfter = retryAfter;
    }

    TransientException(String message) {
        this(message, Optional.empty(), null);
    }

    /** How long the server asked to wait. */
    Optional<Duration> retryAfter() {
        return retryAfter;
    }
}
