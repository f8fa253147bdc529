package org.clip4j.kernels;

/** A backend cannot be used as asked; the message says why and what to do. */
public final class BackendException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the cause of why it could not be loaded, or null. */
    public BackendException(String message, Throwable cause) {
        super(message, cause);
    }
}
