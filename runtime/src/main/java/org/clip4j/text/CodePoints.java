package org.clip4j.text;

import java.util.Arrays;

/** A growing list of code points; lone surrogates stay what they are. One thread at a time. */
final class CodePoints {
    int[] values;
    int length;

    CodePoints(int capacity) {
        values = new int[capacity];
    }

    static CodePoints of(String text) {
        CodePoints points = new CodePoints(text.length());
        for (int i = 0; i < text.length();) {
            int codePoint = text.codePointAt(i);
            points.values[points.length++] = codePoint;
            i += Character.charCount(codePoint);
        }
        return points;
    }

    void add(int codePoint) {
        if (length == values.length) {
            values = Arrays.copyOf(values, 2 * length + 16);
        }
        values[length++] = codePoint;
    }

    @Override
    public String toString() {
        return new String(values, 0, length);
    }
}
