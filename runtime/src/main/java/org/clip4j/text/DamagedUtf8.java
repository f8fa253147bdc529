package org.clip4j.text;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/**
 * UTF-8 that has been through another encoding: no-break spaces turned into spaces, bytes lost, CESU-8 and Java's NUL
 * mixed in. Which damage is repaired follows ftfy 6.3.1. Stateless.
 */
final class DamagedUtf8 {
    private static final byte[] REPLACEMENT = {(byte) 0xEF, (byte) 0xBF, (byte) 0xBD};
    /** What comes after C3 and a space in words where the space is the lost byte; else the space is one too. */
    private static final String[] AFTER_A_GRAVE = {" ", "quele", "quela", "quilo", "s "};

    private DamagedUtf8() {}

    /** Turns a space back into byte A0 where that makes a likely UTF-8 sequence. */
    static byte[] restoreNoBreakSpaces(byte[] bytes) {
        if (!anySpaced(bytes)) {
            return bytes;
        }
        byte[] words = separateAGrave(bytes);
        byte[] restored = words.clone();
        for (int i = 0; i < words.length;) {
            int length = spacedLength(words, i);
            for (int j = i; j < i + length; j++) {
                if (words[j] == ' ') {
                    restored[j] = (byte) 0xA0;
                }
            }
            i += Math.max(1, length);
        }
        return restored;
    }

    private static boolean anySpaced(byte[] bytes) {
        for (int i = 0; i < bytes.length; i++) {
            if (spacedLength(bytes, i) > 0) {
                return true;
            }
        }
        return false;
    }

    /** Length of a sequence at i that would be UTF-8 with A0 for its one space, or 0. */
    private static int spacedLength(byte[] bytes, int i) {
        int lead = at(bytes, i);
        int b1 = at(bytes, i + 1);
        int b2 = at(bytes, i + 2);
        int b3 = at(bytes, i + 3);
        if (lead == 0xC2 || lead == 0xC3 || lead == 0xC5 || lead == 0xCE || lead == 0xD0 || lead == 0xD9) {
            return b1 == ' ' ? 2 : 0;
        }
        if (lead >= 0xE0 && lead <= 0xE3) {
            boolean second = b1 == ' ' && lead >= 0xE2 && isLikelyContinuation(b2);
            return second || (isLikelyContinuation(b1) && b2 == ' ') ? 3 : 0;
        }
        if (lead == 0xF0) {
            boolean second = b1 == ' ' && isContinuation(b2) && isContinuation(b3);
            boolean third = isContinuation(b1) && b2 == ' ' && isContinuation(b3);
            return second || third || (isContinuation(b1) && isContinuation(b2) && b3 == ' ') ? 4 : 0;
        }
        return 0;
    }

    /** "Ã la" is "à la": the lost byte is put back and the space stays, but for some Portuguese words. */
    private static byte[] separateAGrave(byte[] bytes) {
        ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length + 4);
        for (int i = 0; i < bytes.length; i++) {
            out.write(bytes[i]);
            if (at(bytes, i) == 0xC3 && at(bytes, i + 1) == ' ' && !startsWithAny(bytes, i + 2, AFTER_A_GRAVE)) {
                out.write(0xA0);
            }
        }
        return out.toByteArray();
    }

    private static boolean startsWithAny(byte[] bytes, int start, String[] words) {
        for (String word : words) {
            int i = 0;
            while (i < word.length() && at(bytes, start + i) == word.charAt(i)) {
                i++;
            }
            if (i == word.length()) {
                return true;
            }
        }
        return false;
    }

    /** Sequences in which a byte was lost (1A, sometimes a question mark) become U+FFFD. */
    static byte[] replaceLostBytes(byte[] bytes) {
        ByteArrayOutputStream out = null;
        for (int i = 0; i < bytes.length;) {
            int length = lossyLength(bytes, i);
            if (length > 0 && out == null) {
                out = new ByteArrayOutputStream(bytes.length + 16);
                out.write(bytes, 0, i);
            }
            if (length > 0) {
                out.write(REPLACEMENT, 0, REPLACEMENT.length);
            } else if (out != null) {
                out.write(bytes[i]);
            }
            i += Math.max(1, length);
        }
        return out == null ? bytes : out.toByteArray();
    }

    private static int lossyLength(byte[] bytes, int i) {
        int lead = at(bytes, i);
        int b1 = at(bytes, i + 1);
        int b2 = at(bytes, i + 2);
        int b3 = at(bytes, i + 3);
        if (lead == 0x1A) {
            return 1;
        }
        if (lead >= 0xC2 && lead <= 0xDF) {
            return b1 == 0x1A || (b1 == '?' && lead <= 0xC3) ? 2 : 0;
        }
        if (lead == 0xED && isLossySurrogatePair(bytes, i)) {
            return 6;
        }
        if (lead >= 0xE0 && lead <= 0xEF) {
            return (isLost(b1) && isKept(b2)) || (isKept(b1) && isLost(b2)) ? 3 : 0;
        }
        if (lead >= 0xF0 && lead <= 0xF4) {
            boolean second = isLost(b1) && isKept(b2) && isKept(b3);
            boolean third = isKept(b1) && isLost(b2) && isKept(b3);
            return second || third || (isKept(b1) && isKept(b2) && isLost(b3)) ? 4 : 0;
        }
        return 0;
    }

    private static boolean isLossySurrogatePair(byte[] bytes, int i) {
        int high = at(bytes, i + 1);
        int highEnd = at(bytes, i + 2);
        int low = at(bytes, i + 4);
        int lowEnd = at(bytes, i + 5);
        boolean frame = high >= 0xA0 && high <= 0xAF && at(bytes, i + 3) == 0xED && low >= 0xB0 && low <= 0xBF;
        boolean highLost = isLost(highEnd) && (isLost(lowEnd) || isContinuation(lowEnd));
        return frame && (highLost || (isLost(lowEnd) && isContinuation(highEnd)));
    }

    private static boolean isLost(int b) {
        return b == 0x1A || b == '?';
    }

    private static boolean isKept(int b) {
        return b == 0x1A || isContinuation(b);
    }

    private static boolean isContinuation(int b) {
        return b >= 0x80 && b <= 0xBF;
    }

    /** Without 85, often an ellipsis, and A0 itself. */
    private static boolean isLikelyContinuation(int b) {
        return isContinuation(b) && b != 0x85 && b != 0xA0;
    }

    private static int at(byte[] bytes, int i) {
        return i < bytes.length ? bytes[i] & 0xFF : -1;
    }

    /** Strict UTF-8, with CESU-8 pairs and C0 80 allowed; null if the bytes are anything else. */
    static String decode(byte[] bytes) {
        StringBuilder out = new StringBuilder(bytes.length);
        int strictStart = 0;
        int i = 0;
        while (i < bytes.length) {
            int length = variantLength(bytes, i);
            if (length == 0) {
                i++;
                continue;
            }
            if (!appendStrict(bytes, strictStart, i, out)) {
                return null;
            }
            if (length == 2) {
                out.append('\0');
            } else {
                // ED 1010abcd 10efghij ED 1011klmn 10opqrst: the 20 bits above 0x10000 (CESU-8, UTR 26)
                out.appendCodePoint(0x10000 + ((bytes[i + 1] & 0x0F) << 16) + ((bytes[i + 2] & 0x3F) << 10)
                        + ((bytes[i + 4] & 0x0F) << 6) + (bytes[i + 5] & 0x3F));
            }
            i += length;
            strictStart = i;
        }
        return appendStrict(bytes, strictStart, bytes.length, out) ? out.toString() : null;
    }

    /**
     * Length of a sequence at i that strict UTF-8 does not have, or 0. As in ftfy, whose patterns let "end of text" mean
     * "before a last line feed", that line feed can stand for the last byte and is consumed.
     */
    private static int variantLength(byte[] bytes, int i) {
        int lead = at(bytes, i);
        if (lead == 0xC0) {
            return at(bytes, i + 1) == 0x80 || isLastLineFeed(bytes, i + 1) ? 2 : 0;
        }
        int high = at(bytes, i + 1);
        int low = at(bytes, i + 4);
        boolean pair = lead == 0xED && high >= 0xA0 && high <= 0xAF && isContinuation(at(bytes, i + 2))
                && at(bytes, i + 3) == 0xED && low >= 0xB0 && low <= 0xBF;
        return pair && (isContinuation(at(bytes, i + 5)) || isLastLineFeed(bytes, i + 5)) ? 6 : 0;
    }

    private static boolean isLastLineFeed(byte[] bytes, int i) {
        return i == bytes.length - 1 && bytes[i] == '\n';
    }

    private static boolean appendStrict(byte[] bytes, int start, int end, StringBuilder out) {
        try {
            out.append(StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes, start, end - start)));
            return true;
        } catch (CharacterCodingException e) {
            return false;
        }
    }
}
