package org.clip4j.training.bpe;

/**
 * How merges write the first 512 tokens: printable Latin-1 stands for itself, the rest for U+0100 and up, and a byte that
 * ends a word has {@code </w>} behind it. Source: bytes_to_unicode of openai/CLIP clip/simple_tokenizer.py.
 */
final class ByteNames {
    private static final int BYTES = 256;
    private static final String END_OF_WORD = "</w>";
    private static final String[] NAMES = new String[BYTES];

    static {
        int id = 0;
        for (int b = 0; b < BYTES; b++) {
            if (isPrintable(b)) {
                NAMES[id++] = String.valueOf((char) b);
            }
        }
        for (int other = 0; id < BYTES; other++) {
            NAMES[id++] = String.valueOf((char) (BYTES + other));
        }
    }

    private ByteNames() {}

    /** Name of token id 0 to 511. */
    static String of(int id) {
        return id < BYTES ? NAMES[id] : NAMES[id - BYTES] + END_OF_WORD;
    }

    private static boolean isPrintable(int b) {
        return (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
    }
}
