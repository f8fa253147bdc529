package org.clip4j.text;

import java.util.Arrays;

/**
 * Token ids of words seen before; a fixed number of slots, the latest word wins its slot. Safe for any number of
 * threads: entries are immutable and a lost update costs a merge, nothing else.
 */
final class WordCache {
    private static final int SLOTS = 4096;
    /** Longer words are rare and would let a hostile text fill the memory. */
    private static final int MAX_WORD_BYTES = 48;

    private final Entry[] entries = new Entry[SLOTS];

    private static final class Entry {
        private final byte[] word;
        private final int[] ids;

        Entry(byte[] word, int[] ids) {
            this.word = word;
            this.ids = ids;
        }
    }

    /** Appends the ids of the buffer's word to the buffer; false if they are not known. */
    boolean appendTo(TokenBuffer buffer) {
        Entry entry = entries[slot(buffer)];
        if (entry == null
                || !Arrays.equals(entry.word, 0, entry.word.length, buffer.word(), 0, buffer.wordLength())) {
            return false;
        }
        buffer.addAll(entry.ids, entry.ids.length);
        return true;
    }

    /** Remembers that the buffer's word has the ids that stand in the buffer from {@code from} on. */
    void remember(TokenBuffer buffer, int from) {
        if (buffer.wordLength() <= MAX_WORD_BYTES) {
            byte[] word = Arrays.copyOf(buffer.word(), buffer.wordLength());
            entries[slot(buffer)] = new Entry(word, Arrays.copyOfRange(buffer.ids(), from, buffer.length()));
        }
    }

    private static int slot(TokenBuffer buffer) {
        int hash = 0;
        byte[] word = buffer.word();
        for (int i = 0; i < buffer.wordLength(); i++) {
            hash = 31 * hash + word[i];
        }
        return (hash ^ hash >>> 12) & SLOTS - 1;
    }
}
