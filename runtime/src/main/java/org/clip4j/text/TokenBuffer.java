package org.clip4j.text;

import java.util.Arrays;

/** A growing list of token ids and the scratch space for one word. One thread at a time. */
final class TokenBuffer {
    private int[] ids;
    private int length;
    private byte[] word = new byte[64];
    private int wordLength;
    private int[] symbols = new int[64];
    private int[] ranks = new int[64];

    TokenBuffer(int capacity) {
        ids = new int[capacity];
    }

    void clear() {
        length = 0;
    }

    int length() {
        return length;
    }

    int[] ids() {
        return ids;
    }

    void add(int id) {
        if (length == ids.length) {
            ids = Arrays.copyOf(ids, 2 * length + 16);
        }
        ids[length++] = id;
    }

    void addAll(int[] source, int count) {
        if (length + count > ids.length) {
            ids = Arrays.copyOf(ids, 2 * length + count);
        }
        System.arraycopy(source, 0, ids, length, count);
        length += count;
    }

    /** Drops what is behind the limit; if there was anything, the last id becomes {@code lastId}. */
    void truncate(int limit, int lastId) {
        if (length > limit) {
            length = limit;
            ids[limit - 1] = lastId;
        }
    }

    int[] copy() {
        return Arrays.copyOf(ids, length);
    }

    /** Fills {@link #word()} with the UTF-8 bytes of a stretch of text; the text has no lone surrogates. */
    void setWord(String text, int start, int end) {
        int needed = Math.multiplyExact(3, end - start);
        if (word.length < needed) {
            word = new byte[needed];
        }
        int n = 0;
        for (int i = start; i < end; i++) {
            int c = text.charAt(i);
            if (c < 0x80) {
                word[n++] = (byte) c;
            } else if (c < 0x800) {
                word[n++] = (byte) (0xC0 | c >> 6);
                word[n++] = (byte) (0x80 | (c & 0x3F));
            } else if (Character.isSurrogate((char) c)) {
                int codePoint = text.codePointAt(i++);
                word[n++] = (byte) (0xF0 | codePoint >> 18);
                word[n++] = (byte) (0x80 | (codePoint >> 12 & 0x3F));
                word[n++] = (byte) (0x80 | (codePoint >> 6 & 0x3F));
                word[n++] = (byte) (0x80 | (codePoint & 0x3F));
            } else {
                word[n++] = (byte) (0xE0 | c >> 12);
                word[n++] = (byte) (0x80 | (c >> 6 & 0x3F));
                word[n++] = (byte) (0x80 | (c & 0x3F));
            }
        }
        wordLength = n;
    }

    byte[] word() {
        return word;
    }

    int wordLength() {
        return wordLength;
    }

    /** At least as long as the word. */
    int[] symbols() {
        if (symbols.length < wordLength) {
            symbols = new int[wordLength];
        }
        return symbols;
    }

    /** At least as long as the word. */
    int[] ranks() {
        if (ranks.length < wordLength) {
            ranks = new int[wordLength];
        }
        return ranks;
    }
}
