package org.clip4j.weights;

import java.io.IOException;

/** A file is not what it should be; the message is one line that says what, where, expected and actual. */
public class ModelFileException extends IOException {
    private static final long serialVersionUID = 1;

    private static final int MAX_CHARS = 1000;

    /** An error found by looking at the file. */
    public ModelFileException(String message) {
        super(oneLine(message));
    }

    /** An error that something else reported. */
    public ModelFileException(String message, Throwable cause) {
        super(oneLine(message), cause);
    }

    /**
     * A message that may hold names out of a hostile file, as one line of moderate length that a terminal can show:
     * control characters become {@code ?}, and the middle of what is too long is left out.
     */
    public static String oneLine(String message) {
        String line = message.replaceAll("[\\p{Cc}\\p{Zl}\\p{Zp}]", "?");
        return line.length() <= MAX_CHARS
                ? line
                : line.substring(0, MAX_CHARS / 2) + " [...] " + line.substring(line.length() - MAX_CHARS / 2);
    }
}
