package org.clip4j.training.dataset;

import java.io.IOException;

/**
 * A data set, or a file of it, that cannot be used. The message is one line: what, where, expected,
 * actual, remedy.
 */
public final class DatasetException extends IOException {
    private static final long serialVersionUID = 1L;

    DatasetException(String message) {
        super(message);
    }

    DatasetException(String message, Throwable cause) {
        super(message, cause);
    }
}
