package org.clip4j.training.dataset;

import java.io.IOException;

/** One sample whose contents cannot be used, however often they are read; the others can. One line. */
public final class UnusableSampleException extends IOException {
    private static final long serialVersionUID = 1L;

    UnusableSampleException(String message) {
        super(message);
    }

    UnusableSampleException(String message, Throwable cause) {
        super(message, cause);
    }
}
