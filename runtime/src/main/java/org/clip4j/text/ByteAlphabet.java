package org.clip4j.text;

import java.util.Arrays;

/**
 * The printable characters that BPE vocabularies write for bytes: bytes_to_unicode of openai/CLIP
 * clip/simple_tokenizer.py. Printable Latin-1 stands for itself, the rest for U+0100 and up. Its order is that of the
 * first 256 token ids. Immutable.
 */
final class ByteAlphabet {
    private static final int[] BYTES = new int[256];
    private static final char[] CHARACTER_OF_BYTE = new char[256];
    private static final short[] BYTE_OF_CHARACTER = new short[0x144];
    private static final int[] ID_OF_BYTE = new int[256];

    private ByteAlphabet() {}

    static {
        Arrays.fill(BYTE_OF_CHARACTER, (short) -1);
        int count = 0;
        for (int b = 0; b < 256; b++) {
            if (isPrintable(b)) {
                define(count++, b, (char) b);
            }
        }
        int other = 0;
        for (int b = 0; b < 256; b++) {
            if (!isPrintable(b)) {
                define(count++, b, (char) (0x100 + other++));
            }
        }
    }

    /** The byte of token id 0 to 255. */
    static int byteOf(int id) {
        return BYTES[id];
    }

    /** The token id of a byte that does not end a word. */
    static int idOf(int b) {
        return ID_OF_BYTE[b];
    }

    /** The byte that a character stands for, or -1. */
    static int byteOf(char c) {
        return c < BYTE_OF_CHARACTER.length ? BYTE_OF_CHARACTER[c] : -1;
    }

    static char characterOf(int b) {
        return CHARACTER_OF_BYTE[b];
    }

    private static void define(int id, int b, char c) {
        BYTES[id] = b;
        CHARACTER_OF_BYTE[b] = c;
        BYTE_OF_CHARACTER[c] = (short) b;
        ID_OF_BYTE[b] = id;
    }

    private static boolean isPrintable(int b) {
        return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    }
}
