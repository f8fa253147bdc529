package org.clip4j.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds character sequences that hardly occur unless UTF-8 was read in another encoding. Classes and sequences come
 * from the resource {@code mojibake.txt}; loaded on the first text that is not ASCII. Stateless.
 */
final class MojibakeDetector {
    // Bits of the classes that are not listed in the resource but computed.
    private static final int ASCII_LOWER = 1;
    private static final int ASCII_LETTER = 2;
    private static final int WHITESPACE = 4;
    private static final int WORD = 8;

    private static final Map<String, Integer> CLASS_BITS = new HashMap<>(
            Map.of("ascii_lower", ASCII_LOWER, "ascii_letter", ASCII_LETTER, "whitespace", WHITESPACE, "word", WORD));
    /** Sorted: code point &lt;&lt; 32 | bits. */
    private static final long[] LISTED;
    private static final Term[][] SEQUENCES;
    /** Whether a sequence can start with this ASCII character. */
    private static final boolean[] ASCII_STARTS = new boolean[0x80];
    private static final int FIRST_OF_2;
    private static final int FIRST_OF_3;
    private static final int FIRST_OF_4;
    private static final int CONTINUATION;
    private static final int CONTINUATION_STRICT;

    private MojibakeDetector() {}

    static {
        // No streams or lambdas: they would take longer to start than all of this.
        long[] listed = new long[4096];
        int count = 0;
        List<Term[]> sequences = new ArrayList<>();
        ResourceRecords records = ResourceRecords.open("mojibake.txt");
        while (records.next()) {
            if (records.field().equals("class")) {
                String name = records.field();
                CLASS_BITS.putIfAbsent(name, 1 << CLASS_BITS.size());
                int bit = CLASS_BITS.get(name);
                while (records.hasField()) {
                    long range = records.hexRange();
                    for (int c = (int) (range >>> 32); c <= (int) range; c++) {
                        listed[count++] = (long) c << 32 | bit;
                    }
                }
            } else {
                List<Term> terms = new ArrayList<>();
                while (records.hasField()) {
                    terms.add(Term.parse(records.field()));
                }
                sequences.add(terms.toArray(new Term[0]));
            }
        }
        LISTED = combine(listed, count);
        SEQUENCES = sequences.toArray(new Term[0][]);
        for (int c = 0; c < ASCII_STARTS.length; c++) {
            for (Term[] sequence : SEQUENCES) {
                ASCII_STARTS[c] |= sequence[0].matches(c, bits(c));
            }
        }
        FIRST_OF_2 = CLASS_BITS.get("utf8_first_of_2");
        FIRST_OF_3 = CLASS_BITS.get("utf8_first_of_3");
        FIRST_OF_4 = CLASS_BITS.get("utf8_first_of_4");
        CONTINUATION = CLASS_BITS.get("utf8_continuation");
        CONTINUATION_STRICT = CLASS_BITS.get("utf8_continuation_strict");
    }

    /** Sorts by character, one entry each. */
    private static long[] combine(long[] listed, int count) {
        Arrays.sort(listed, 0, count);
        int kept = 0;
        for (int i = 0; i < count; i++) {
            if (kept > 0 && listed[kept - 1] >>> 32 == listed[i] >>> 32) {
                listed[kept - 1] |= listed[i];
            } else {
                listed[kept++] = listed[i];
            }
        }
        return Arrays.copyOf(listed, kept);
    }

    /** One position of a sequence: classes, single characters, perhaps negated or bound to the start of the text. */
    private record Term(int bits, String characters, boolean negated, boolean atStart) {
        static Term parse(String term) {
            boolean negated = term.charAt(0) == '!';
            boolean atStart = term.charAt(0) == '^';
            int bits = 0;
            StringBuilder characters = new StringBuilder();
            int start = negated || atStart ? 1 : 0;
            while (start < term.length()) {
                int bar = term.indexOf('|', start);
                int end = bar < 0 ? term.length() : bar;
                Integer classBit = CLASS_BITS.get(term.substring(start, end));
                if (classBit != null) {
                    bits |= classBit;
                } else {
                    characters.append((char) Integer.parseInt(term, start, end, 16));
                }
                start = end + 1;
            }
            return new Term(bits, characters.toString(), negated, atStart);
        }

        boolean matches(int codePoint, int codePointBits) {
            return ((codePointBits & bits) != 0 || characters.indexOf(codePoint) >= 0) != negated;
        }
    }

    /** Whether any of the sequences occurs. */
    static boolean isSuspicious(String text) {
        CodePoints points = CodePoints.of(text);
        int[] bits = new int[points.length];
        for (int i = 0; i < points.length; i++) {
            bits[i] = bits(points.values[i]);
        }
        for (int i = 0; i < points.length; i++) {
            if (points.values[i] < 0x80 && !ASCII_STARTS[points.values[i]]) {
                continue;
            }
            for (Term[] sequence : SEQUENCES) {
                if (matches(sequence, points, bits, i)) {
                    return true;
                }
            }
        }
        return false;
    }

    private static boolean matches(Term[] sequence, CodePoints points, int[] bits, int start) {
        if (start + sequence.length > points.length || (sequence[0].atStart && start > 0)) {
            return false;
        }
        for (int i = 0; i < sequence.length; i++) {
            if (!sequence[i].matches(points.values[start + i], bits[start + i])) {
                return false;
            }
        }
        return true;
    }

    /** End of a run of characters at {@code start} that read like UTF-8 sequences, or -1. */
    static int embeddedEnd(String text, int start) {
        if (start > 0 && (bits(text.charAt(start - 1)) & CONTINUATION_STRICT) != 0) {
            return -1;
        }
        int end = start;
        while (end < text.length()) {
            int first = bits(text.charAt(end));
            int following = continuations(text, end + 1);
            if ((first & FIRST_OF_2) != 0 && following >= 1) {
                end += 2;
            } else if ((first & FIRST_OF_3) != 0 && following >= 2) {
                end += 3;
            } else if ((first & FIRST_OF_4) != 0 && following >= 3) {
                end += 4;
            } else {
                break;
            }
        }
        return end > start ? end : -1;
    }

    private static int continuations(String text, int start) {
        int count = 0;
        while (count < 3 && start + count < text.length()
                && (bits(text.charAt(start + count)) & CONTINUATION) != 0) {
            count++;
        }
        return count;
    }

    private static int bits(int codePoint) {
        int bits = 0;
        if (codePoint < 0x80) {
            boolean lower = codePoint >= 'a' && codePoint <= 'z';
            boolean letter = lower || (codePoint >= 'A' && codePoint <= 'Z');
            boolean word = letter || codePoint == '_' || (codePoint >= '0' && codePoint <= '9');
            bits = (lower ? ASCII_LOWER : 0) | (letter ? ASCII_LETTER : 0) | (word ? WORD : 0);
        } else if (UnicodeData.isWord(codePoint)) {
            bits = WORD;
        }
        if (PythonText.isSpace(codePoint)) {
            bits |= WHITESPACE;
        }
        int index = Arrays.binarySearch(LISTED, (long) codePoint << 32);
        int at = index < 0 ? -index - 1 : index;
        return at < LISTED.length && (int) (LISTED[at] >>> 32) == codePoint ? bits | (int) LISTED[at] : bits;
    }
}
