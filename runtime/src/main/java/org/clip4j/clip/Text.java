package org.clip4j.clip;

import java.util.Objects;
import org.clip4j.text.ClipTokenizer;

/** A text to embed: characters that the model's tokenizer will cut up, or tokens already. Immutable. */
public final class Text {
    private final String characters;
    private final boolean truncated;
    private final int[] tokens;

    private Text(String characters, boolean truncated, int[] tokens) {
        this.characters = characters;
        this.truncated = truncated;
        this.tokens = tokens;
    }

    /** Characters; a text of more tokens than the model's context is refused. An empty text is a text. */
    public static Text of(String characters) {
        return new Text(Objects.requireNonNull(characters, "characters"), false, null);
    }

    /** Characters; what does not fit the model's context is cut off, the last token being the end token. */
    public static Text truncated(String characters) {
        return new Text(Objects.requireNonNull(characters, "characters"), true, null);
    }

    /** Token ids with start and end token, without padding. */
    public static Text tokens(int... tokens) {
        return new Text(null, false, tokens.clone());
    }

    /** True when it is tokens already, so that no tokenizer is needed. */
    boolean isTokens() {
        return tokens != null;
    }

    /** The token ids; {@code tokenizer} may be null when they are known. */
    int[] encode(ClipTokenizer tokenizer) {
        if (tokens != null) {
            return tokens;
        }
        return truncated ? tokenizer.encodeTruncated(characters) : tokenizer.encode(characters);
    }

    @Override
    public String toString() {
        return tokens == null ? characters : tokens.length + " tokens";
    }
}
