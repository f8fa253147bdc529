package org.clip4j.text;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A single-byte encoding that UTF-8 is often read in by mistake. The tables come from the resource
 * {@code charmaps.txt}, since not every Java runtime has all of these charsets. Immutable.
 */
final class SingleByteEncoding {
    /** In the order in which they are tried. */
    static final List<SingleByteEncoding> ALL = load();
    /** Unassigned bytes are the code points of the same number. */
    static final SingleByteEncoding WINDOWS_1252 = ALL.get(1);

    private final String name;
    private final char[] upperHalf;
    /** Upper-half characters in ascending order, each shifted left by 8 bits, with its byte. */
    private final int[] sorted;

    private SingleByteEncoding(String name, char[] upperHalf) {
        this.name = name;
        this.upperHalf = upperHalf;
        sorted = new int[upperHalf.length];
        for (int i = 0; i < upperHalf.length; i++) {
            sorted[i] = upperHalf[i] << 8 | 0x80 + i;
        }
        Arrays.sort(sorted);
    }

    boolean isLatin1() {
        return name.equals("latin-1");
    }

    /** Whether byte 1A stands for U+FFFD and unassigned bytes for themselves. */
    boolean isSloppy() {
        return name.startsWith("sloppy-");
    }

    /** En dash and space are too common in this one to be taken for a damaged character. */
    boolean keepsSpaces() {
        return name.equals("macroman");
    }

    /** Returns the bytes that decode to the text, or null if there are none. */
    byte[] encode(String text) {
        byte[] bytes = new byte[text.length()];
        for (int i = 0; i < bytes.length; i++) {
            int b = encode(text.charAt(i));
            if (b < 0) {
                return null;
            }
            bytes[i] = (byte) b;
        }
        return bytes;
    }

    private int encode(char c) {
        if (c < 0x80) {
            return c == 0x1A && isSloppy() ? -1 : c;
        }
        if (c == 0xFFFD && isSloppy()) {
            return 0x1A;
        }
        int index = Arrays.binarySearch(sorted, c << 8);
        int at = index < 0 ? -index - 1 : index;
        return at < sorted.length && sorted[at] >>> 8 == c ? sorted[at] & 0xFF : -1;
    }

    /** The character of a byte of the upper half, 80 to FF. */
    char decode(int b) {
        return upperHalf[b - 0x80];
    }

    private static List<SingleByteEncoding> load() {
        List<SingleByteEncoding> all = new ArrayList<>();
        char[] latin1 = new char[128];
        for (int i = 0; i < latin1.length; i++) {
            latin1[i] = (char) (0x80 + i);
        }
        all.add(new SingleByteEncoding("latin-1", latin1));
        ResourceRecords records = ResourceRecords.open("charmaps.txt");
        while (records.next()) {
            String name = records.field();
            String digits = records.field();
            char[] upperHalf = new char[128];
            for (int i = 0; i < upperHalf.length; i++) {
                upperHalf[i] = (char) Integer.parseInt(digits, 4 * i, 4 * i + 4, 16);
            }
            all.add(new SingleByteEncoding(name, upperHalf));
        }
        return List.copyOf(all);
    }
}
