package org.clip4j.text;

/** A text that has no tokens: it holds half of a surrogate pair, and the repair that would replace it is off. */
public final class InvalidTextException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    InvalidTextException(String message) {
        super(message);
    }
}
