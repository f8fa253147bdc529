package org.clip4j.training.evaluation;

import java.io.IOException;

/** An evaluation that cannot be done or resumed. The message is one line: what, where, expected, actual, remedy. */
public final class EvaluationException extends IOException {
    private static final long serialVersionUID = 1L;

    EvaluationException(String message) {
        super(message);
    }

    EvaluationException(String message, Throwable cause) {
        super(message, cause);
    }
}
