package org.clip4j.cli;

/** The user's arguments or files cannot be used; the message is one line that says what, where and the remedy. */
final class InputException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    InputException(String message) {
        super(message);
    }

    InputException(String message, Throwable cause) {
        super(message, cause);
    }
}
