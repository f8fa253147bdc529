package org.clip4j.text;

import java.util.Arrays;

/**
 * Unicode normalization form C with the data of Unicode 14.0 (UAX 15), whatever the JDK's own version is. Stateless.
 */
final class Nfc {
    // Hangul syllables are composed by arithmetic: The Unicode Standard 14.0, section 3.12.
    private static final int S_BASE = 0xAC00;
    private static final int L_BASE = 0x1100;
    private static final int V_BASE = 0x1161;
    private static final int T_BASE = 0x11A7;
    private static final int L_COUNT = 19;
    private static final int V_COUNT = 21;
    private static final int T_COUNT = 28;
    private static final int S_COUNT = L_COUNT * V_COUNT * T_COUNT;

    private Nfc() {}

    /** Returns the normalized text, the same instance where nothing has to change. */
    static String normalize(String text) {
        // 0x300: no character below decomposes into anything that does not compose back, or combines with another.
        int i = 0;
        while (i < text.length() && text.charAt(i) < 0x300) {
            i++;
        }
        if (i == text.length()) {
            return text;
        }
        CodePoints points = new CodePoints(text.length() + 16);
        for (i = 0; i < text.length();) {
            int codePoint = text.codePointAt(i);
            i += Character.charCount(codePoint);
            decompose(codePoint, points);
        }
        reorder(points);
        compose(points);
        String normalized = points.toString();
        return normalized.equals(text) ? text : normalized;
    }

    private static void decompose(int codePoint, CodePoints out) {
        int syllable = codePoint - S_BASE;
        if (syllable >= 0 && syllable < S_COUNT) {
            out.add(L_BASE + syllable / (V_COUNT * T_COUNT));
            out.add(V_BASE + syllable % (V_COUNT * T_COUNT) / T_COUNT);
            if (syllable % T_COUNT != 0) {
                out.add(T_BASE + syllable % T_COUNT);
            }
            return;
        }
        long parts = codePoint < 0xC0 ? 0 : UnicodeData.decomposition(codePoint);
        if (parts == 0) {
            out.add(codePoint);
            return;
        }
        decompose((int) (parts >>> 32), out);
        if ((int) parts != 0) {
            decompose((int) parts, out);
        }
    }

    /** Sorts each run of marks by combining class, stably. */
    private static void reorder(CodePoints points) {
        int i = 0;
        while (i < points.length) {
            int end = i;
            boolean sorted = true;
            int previous = 0;
            while (end < points.length) {
                int combiningClass = UnicodeData.combiningClass(points.values[end]);
                if (combiningClass == 0) {
                    break;
                }
                sorted &= combiningClass >= previous;
                previous = combiningClass;
                end++;
            }
            if (!sorted) {
                sortMarks(points.values, i, end);
            }
            i = end + 1;
        }
    }

    private static void sortMarks(int[] values, int from, int to) {
        long[] keys = new long[to - from];
        for (int i = 0; i < keys.length; i++) {
            keys[i] = (long) UnicodeData.combiningClass(values[from + i]) << 32 | i;
        }
        Arrays.sort(keys);
        int[] marks = Arrays.copyOfRange(values, from, to);
        for (int i = 0; i < keys.length; i++) {
            values[from + i] = marks[(int) keys[i]];
        }
    }

    private static void compose(CodePoints points) {
        int[] values = points.values;
        int length = 0;
        int starter = -1;
        int previousClass = 0;
        for (int i = 0; i < points.length; i++) {
            int codePoint = values[i];
            int combiningClass = UnicodeData.combiningClass(codePoint);
            boolean adjacent = starter == length - 1;
            if (starter >= 0 && (adjacent || previousClass < combiningClass)) {
                int composed = pair(values[starter], codePoint);
                if (composed >= 0) {
                    values[starter] = composed;
                    continue;
                }
            }
            if (combiningClass == 0) {
                starter = length;
            }
            previousClass = combiningClass;
            values[length++] = codePoint;
        }
        points.length = length;
    }

    private static int pair(int first, int second) {
        int leading = first - L_BASE;
        int vowel = second - V_BASE;
        if (leading >= 0 && leading < L_COUNT && vowel >= 0 && vowel < V_COUNT) {
            return S_BASE + (leading * V_COUNT + vowel) * T_COUNT;
        }
        int syllable = first - S_BASE;
        int trailing = second - T_BASE;
        if (syllable >= 0 && syllable < S_COUNT && syllable % T_COUNT == 0 && trailing > 0 && trailing < T_COUNT) {
            return first + trailing;
        }
        return UnicodeData.composition(first, second);
    }
}
