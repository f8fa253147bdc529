package org.clip4j.text;

import java.util.Arrays;

/**
 * What the tokenizer has to know about characters, from the resource {@code unicode.txt} and never from the JDK: the
 * reference fixes its Unicode versions (15.0 for letters and numbers in the word pattern, 14.0 for all else), a JDK has
 * its own. Loaded on the first text that is not ASCII.
 */
final class UnicodeData {
    private static final int LETTER = 1;
    private static final int NUMBER = 2;
    /** Letter or number in Unicode 15.0, unassigned in 14.0. */
    private static final int NEW_IN_15 = 4;
    private static final int DECIMAL = 8;
    private static final int CASED = 16;
    private static final int CASE_IGNORABLE = 32;

    private static final int PAGE_SIZE = 256;
    private static final byte[] EMPTY_PAGE = new byte[PAGE_SIZE];
    private static final byte[] LETTER_PAGE = new byte[PAGE_SIZE];
    private static final byte[][] PAGES = new byte[(Character.MAX_CODE_POINT + 1) / PAGE_SIZE][];

    /** Rows of four: first, last, step, delta; ascending. */
    private static int[] lowerRows = new int[1024];
    /** Rows of three: first, last, class; ascending. */
    private static int[] classRows = new int[2048];
    /** Rows of three: code point, first, second or 0; ascending. */
    private static int[] decompositions = new int[8192];
    /** Each first &lt;&lt; 42 | second &lt;&lt; 21 | composed, ascending once loaded. */
    private static long[] compositions = new long[1024];
    private static final String[] WIDTH_FORMS = new String[0x10000 - 0xFF00];

    private UnicodeData() {}

    static {
        Arrays.fill(PAGES, EMPTY_PAGE);
        Arrays.fill(LETTER_PAGE, (byte) LETTER);
        load(ResourceRecords.open("unicode.txt"));
    }

    /** General category L* of Unicode 15.0. */
    static boolean isLetter(int codePoint) {
        return (flags(codePoint) & LETTER) != 0;
    }

    /** General category N* of Unicode 15.0. */
    static boolean isNumber(int codePoint) {
        return (flags(codePoint) & NUMBER) != 0;
    }

    /** What {@code \w} of a Python 3.11 pattern matches: letter or number of Unicode 14.0, or underscore. */
    static boolean isWord(int codePoint) {
        int flags = flags(codePoint);
        return codePoint == '_' || ((flags & (LETTER | NUMBER)) != 0 && (flags & NEW_IN_15) == 0);
    }

    /** General category Nd. */
    static boolean isDecimalDigit(int codePoint) {
        return (flags(codePoint) & DECIMAL) != 0;
    }

    static boolean isCased(int codePoint) {
        return (flags(codePoint) & CASED) != 0;
    }

    static boolean isCaseIgnorable(int codePoint) {
        return (flags(codePoint) & CASE_IGNORABLE) != 0;
    }

    /** The simple lower-case mapping, or the code point itself. */
    static int toLower(int codePoint) {
        int row = floorRow(lowerRows, 4, codePoint);
        if (row < 0 || codePoint > lowerRows[row + 1] || (codePoint - lowerRows[row]) % lowerRows[row + 2] != 0) {
            return codePoint;
        }
        return codePoint + lowerRows[row + 3];
    }

    static int combiningClass(int codePoint) {
        int row = floorRow(classRows, 3, codePoint);
        return row >= 0 && codePoint <= classRows[row + 1] ? classRows[row + 2] : 0;
    }

    /** Canonical decomposition as first &lt;&lt; 32 | second (0 if there is one only), or 0 where there is none. */
    static long decomposition(int codePoint) {
        int row = floorRow(decompositions, 3, codePoint);
        if (row < 0 || decompositions[row] != codePoint) {
            return 0;
        }
        return (long) decompositions[row + 1] << 32 | decompositions[row + 2];
    }

    /** The primary composite of two code points, or -1. */
    static int composition(int first, int second) {
        long pair = (long) first << 42 | (long) second << 21;
        int index = Arrays.binarySearch(compositions, pair);
        int at = index < 0 ? -index - 1 : index;
        if (at == compositions.length || compositions[at] >>> 21 != pair >>> 21) {
            return -1;
        }
        return (int) (compositions[at] & 0x1FFFFF);
    }

    /** The usual form of a full-width or half-width character, or null. */
    static String widthForm(char c) {
        return c >= 0xFF00 ? WIDTH_FORMS[c - 0xFF00] : null;
    }

    private static int flags(int codePoint) {
        return PAGES[codePoint >>> 8][codePoint & 0xFF];
    }

    private static int floorRow(int[] rows, int rowLength, int key) {
        int low = 0;
        int high = rows.length / rowLength - 1;
        while (low <= high) {
            int middle = (low + high) >>> 1;
            if (rows[middle * rowLength] <= key) {
                low = middle + 1;
            } else {
                high = middle - 1;
            }
        }
        return high * rowLength;
    }

    private static void load(ResourceRecords records) {
        int lower = 0;
        int classes = 0;
        int decomposed = 0;
        int composed = 0;
        while (records.next()) {
            char kind = records.field().charAt(0);
            switch (kind) {
                case 'L' -> mark(records.hexRange(), LETTER);
                case 'l' -> mark(records.hexRange(), LETTER | NEW_IN_15);
                case 'N' -> mark(records.hexRange(), NUMBER);
                case 'n' -> mark(records.hexRange(), NUMBER | NEW_IN_15);
                case 'D' -> mark(records.hexRange(), DECIMAL);
                case 'C' -> mark(records.hexRange(), CASED);
                case 'I' -> mark(records.hexRange(), CASE_IGNORABLE);
                case 'm' -> {
                    long range = records.hexRange();
                    lowerRows[lower++] = (int) (range >>> 32);
                    lowerRows[lower++] = (int) range;
                    lowerRows[lower++] = records.decimal();
                    lowerRows[lower++] = records.decimal();
                }
                case 'c' -> {
                    long range = records.hexRange();
                    classRows[classes++] = (int) (range >>> 32);
                    classRows[classes++] = (int) range;
                    classRows[classes++] = records.decimal();
                }
                case 'd', 'x' -> {
                    int codePoint = records.hex();
                    int first = records.hex();
                    int second = records.hasField() ? records.hex() : 0;
                    decompositions[decomposed++] = codePoint;
                    decompositions[decomposed++] = first;
                    decompositions[decomposed++] = second;
                    if (kind == 'd') {
                        compositions[composed++] = (long) first << 42 | (long) second << 21 | codePoint;
                    }
                }
                case 'w' -> loadWidthForm(records);
                default -> throw new IllegalStateException("unicode.txt has an unknown record: kind=" + kind);
            }
        }
        lowerRows = Arrays.copyOf(lowerRows, lower);
        classRows = Arrays.copyOf(classRows, classes);
        decompositions = Arrays.copyOf(decompositions, decomposed);
        compositions = Arrays.copyOf(compositions, composed);
        Arrays.sort(compositions);
    }

    private static void loadWidthForm(ResourceRecords records) {
        int codePoint = records.hex();
        StringBuilder form = new StringBuilder(2);
        while (records.hasField()) {
            form.appendCodePoint(records.hex());
        }
        if (codePoint >= 0xFF00) {
            WIDTH_FORMS[codePoint - 0xFF00] = form.toString();
        }
    }

    /** Sets a flag; whole pages of letters share one array, as most of CJK and Hangul does. */
    private static void mark(long range, int flag) {
        int codePoint = (int) (range >>> 32);
        int last = (int) range;
        while (codePoint <= last) {
            int page = codePoint >>> 8;
            int pageLast = Math.min(last, codePoint | 0xFF);
            boolean whole = (codePoint & 0xFF) == 0 && (pageLast & 0xFF) == 0xFF;
            if (flag == LETTER && whole && PAGES[page] == EMPTY_PAGE) {
                PAGES[page] = LETTER_PAGE;
            } else {
                if (PAGES[page] == EMPTY_PAGE || PAGES[page] == LETTER_PAGE) {
                    PAGES[page] = PAGES[page].clone();
                }
                for (int i = codePoint; i <= pageLast; i++) {
                    PAGES[page][i & 0xFF] |= (byte) flag;
                }
            }
            codePoint = pageLast + 1;
        }
    }
}
