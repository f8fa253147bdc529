package org.clip4j.text;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Objects;

/**
 * CLIP's tokenizer: text is repaired (ftfy), HTML references are decoded, white space and case are levelled, and the
 * words that remain become token ids by byte-level BPE. The ids equal those of openai/CLIP {@code clip.tokenize} with
 * ftfy 6.3.1, on any JDK. Immutable and safe for any number of threads.
 *
 * <p>
 * Ids are returned without padding: start token, content, end token. A text that contains the name of a special token
 * gets that token, so the end token can occur inside.
 */
public final class ClipTokenizer {
    /** Room for the longest context of published models and one more. */
    private static final int INITIAL_TOKENS = 78;

    private final BpeMerges merges;
    private final int contextLength;
    private final boolean ftfy;
    private final WordCache cache;

    private ClipTokenizer(BpeMerges merges, int contextLength, boolean ftfy, WordCache cache) {
        this.merges = merges;
        this.contextLength = contextLength;
        this.ftfy = ftfy;
        this.cache = cache;
    }

    /**
     * Makes a tokenizer that repairs text with ftfy's rules, as the reference does.
     *
     * @param contextLength most tokens of a text, start and end included; 77 in all published models
     * @throws IllegalArgumentException if the context is too short for start and end token
     */
    public static ClipTokenizer of(BpeMerges merges, int contextLength) {
        if (contextLength < 2) {
            throw new IllegalArgumentException(
                    "context cannot hold start and end token: contextLength=" + contextLength + " expected>=2");
        }
        return new ClipTokenizer(Objects.requireNonNull(merges), contextLength, true, new WordCache());
    }

    /**
     * The same vocabulary with the ftfy step on or off. Off gives the ids of tokenizers that have no such step, Hugging
     * Face's among them; lone surrogates are then an error.
     */
    public ClipTokenizer withFtfy(boolean enabled) {
        return new ClipTokenizer(merges, contextLength, enabled, cache);
    }

    /**
     * Returns the ids of a text: start token, content, end token.
     *
     * @throws TextTooLongException if there are more than {@link #contextLength()}
     * @throws InvalidTextException if ftfy is off and the text holds a lone surrogate
     */
    public int[] encode(String text) {
        TokenBuffer buffer = new TokenBuffer(Math.min(contextLength, INITIAL_TOKENS));
        append(text, buffer);
        if (buffer.length() > contextLength) {
            throw new TextTooLongException(buffer.length(), contextLength);
        }
        return buffer.copy();
    }

    /**
     * Returns the ids of a text, cut off after {@link #contextLength()}; the last of them is then the end token.
     *
     * @throws InvalidTextException if ftfy is off and the text holds a lone surrogate
     */
    public int[] encodeTruncated(String text) {
        TokenBuffer buffer = new TokenBuffer(Math.min(contextLength, INITIAL_TOKENS));
        append(text, buffer);
        buffer.truncate(contextLength, eot());
        return buffer.copy();
    }

    /**
     * Encodes texts one after the other into the caller's array, ragged: the ids of text i are {@code ids[offsets[i]]} to
     * {@code ids[offsets[i + 1] - 1]}. Nothing is written behind the last id.
     *
     * @param ids room for the ids; {@code texts.size() * contextLength()} is always enough
     * @param offsets at least {@code texts.size() + 1} elements
     * @return the number of ids, also found in {@code offsets[texts.size()]}
     * @throws TextTooLongException if a text is too long and {@code truncate} is false
     * @throws InvalidTextException if ftfy is off and a text holds a lone surrogate
     * @throws IllegalArgumentException if an array is too short
     */
    public int encodeAll(List<String> texts, boolean truncate, int[] ids, int[] offsets) {
        int count = texts.size();
        if (offsets.length <= count) {
            throw new IllegalArgumentException(
                    "offsets is too short: texts=" + count + " expected>=" + (count + 1) + " actual=" + offsets.length);
        }
        TokenBuffer buffer = new TokenBuffer(Math.min(contextLength, INITIAL_TOKENS));
        offsets[0] = 0;
        for (int i = 0; i < count; i++) {
            buffer.clear();
            append(texts.get(i), buffer);
            if (truncate) {
                buffer.truncate(contextLength, eot());
            } else if (buffer.length() > contextLength) {
                throw new TextTooLongException(buffer.length(), contextLength);
            }
            int end = offsets[i] + buffer.length();
            if (end > ids.length) {
                throw new IllegalArgumentException("ids is too short: text=" + i + " of " + count + " expected>=" + end
                        + " actual=" + ids.length + "; texts * contextLength is always enough");
            }
            System.arraycopy(buffer.ids(), 0, ids, offsets[i], buffer.length());
            offsets[i + 1] = end;
        }
        return offsets[count];
    }

    /**
     * Returns the text that ids stand for: lower-case, a space behind each word, special tokens by name; bytes that are
     * not UTF-8 become U+FFFD.
     *
     * @throws IllegalArgumentException if an id is not in the vocabulary
     */
    public String decode(int[] ids) {
        int length = 0;
        for (int i = 0; i < ids.length; i++) {
            if (ids[i] < 0 || ids[i] >= vocabSize()) {
                throw new IllegalArgumentException(
                        "token id is not in the vocabulary: index=" + i + " id=" + ids[i] + " size=" + vocabSize());
            }
            length = Math.addExact(length, merges.tokenLength(ids[i]));
        }
        byte[] bytes = new byte[length];
        int at = 0;
        for (int id : ids) {
            at = merges.copyToken(id, bytes, at);
        }
        for (int i = 0; i + 1 < length; i++) {
            // The JDK makes one U+FFFD of an encoded surrogate, the reference one of each byte: 0xFF gets that.
            if (bytes[i] == (byte) 0xED && (bytes[i + 1] & 0xE0) == 0xA0) {
                bytes[i] = (byte) 0xFF;
            }
        }
        return new String(bytes, StandardCharsets.UTF_8).replace("</w>", " ");
    }

    /** The start token, 49406 in the published vocabulary. */
    public int sot() {
        return merges.startToken();
    }

    /** The end token, 49407 in the published vocabulary. */
    public int eot() {
        return merges.endToken();
    }

    /** Number of token ids. */
    public int vocabSize() {
        return merges.vocabSize();
    }

    /** Most tokens of a text, start and end included. */
    public int contextLength() {
        return contextLength;
    }

    /** Whether text is repaired with ftfy's rules first. */
    public boolean ftfy() {
        return ftfy;
    }

    private void append(String text, TokenBuffer buffer) {
        String clean = clean(text);
        buffer.add(sot());
        WordScanner words = new WordScanner(clean);
        while (words.next()) {
            if (words.isStartToken()) {
                buffer.add(sot());
            } else if (words.isEndToken()) {
                buffer.add(eot());
            } else {
                appendWord(clean, words, buffer);
            }
        }
        buffer.add(eot());
    }

    private void appendWord(String clean, WordScanner words, TokenBuffer buffer) {
        buffer.setWord(clean, words.start(), words.end());
        if (!cache.appendTo(buffer)) {
            int from = buffer.length();
            merges.appendWord(buffer);
            cache.remember(buffer, from);
        }
    }

    /** basic_clean, whitespace_clean and lower of the reference, in its order. */
    private String clean(String text) {
        if (!ftfy) {
            refuseLoneSurrogates(text);
        }
        String fixed = ftfy ? TextFixer.fix(text) : text;
        String unescaped = HtmlReferences.unescape(HtmlReferences.unescape(fixed));
        String collapsed = PythonText.collapseSpaces(PythonText.strip(unescaped));
        return PythonText.lower(PythonText.strip(collapsed));
    }

    private static void refuseLoneSurrogates(String text) {
        for (int i = 0; i < text.length(); i++) {
            int codePoint = text.codePointAt(i);
            if (codePoint >= 0x10000) {
                i++;
            } else if (codePoint >= 0xD800 && codePoint <= 0xDFFF) {
                throw new InvalidTextException("text holds a lone surrogate: index=" + i + " value=U+"
                        + Integer.toHexString(codePoint).toUpperCase(Locale.ROOT)
                        + "; correct the text, or leave ftfy on, which replaces it by U+FFFD");
            }
        }
    }
}
