package org.clip4j.javacpp;

/** A native library cannot be used; the message says why and what to do. */
public final class NativeLibraryException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** With the failure that led here, or null. */
    public NativeLibraryException(String message, Throwable cause) {
        super(message, cause);
    }
}
