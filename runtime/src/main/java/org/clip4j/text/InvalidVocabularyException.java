package org.clip4j.text;

/** A vocabulary that cannot be used; the message says where and why, in one line. */
public final class InvalidVocabularyException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    InvalidVocabularyException(String message) {
        super(message);
    }

    InvalidVocabularyException(String message, Throwable cause) {
        super(message, cause);
    }
}
