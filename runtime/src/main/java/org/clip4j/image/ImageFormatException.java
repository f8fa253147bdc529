package org.clip4j.image;

/**
 * An image that cannot be used: unknown, corrupt, truncated, too large, or of a kind no codec at hand decodes exactly.
 * The message is one line and says what, where, expected and actual values, and the remedy where there is one.
 */
public final class ImageFormatException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** An error found by looking at the image. */
    public ImageFormatException(String message) {
        super(message);
    }

    /** An error that something else reported. */
    public ImageFormatException(String message, Throwable cause) {
        super(message, cause);
    }
}
