package org.clip4j.text;

/** A text with more tokens than the model's context holds; {@link ClipTokenizer#encodeTruncated} cuts it off. */
public final class TextTooLongException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    private final int tokens;
    private final int limit;

    TextTooLongException(int tokens, int limit) {
        super("text has too many tokens: tokens=" + tokens + " limit=" + limit
                + " (start and end included); shorten it or have it cut off (--truncate)");
        this.tokens = tokens;
        this.limit = limit;
    }

    /** Tokens of the text, start and end included. */
    public int tokens() {
        return tokens;
    }

    /** The context length. */
    public int limit() {
        return limit;
    }
}
