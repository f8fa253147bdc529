package org.clip4j.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/**
 * A cursor over the records of an ASCII resource of this package: one record per line, fields separated by one space,
 * lines that start with # skipped. Written for start-up time: no regular expressions, no list of lines.
 */
final class ResourceRecords {
    private final byte[] text;
    private int position;
    private int nextLine;

    private ResourceRecords(byte[] text) {
        this.text = text;
    }

    static ResourceRecords open(String name) {
        try (InputStream in = ResourceRecords.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("resource missing from the jar: name=org/clip4j/text/" + name);
            }
            return new ResourceRecords(in.readAllBytes());
        } catch (IOException e) {
            throw new UncheckedIOException("resource cannot be read: name=org/clip4j/text/" + name, e);
        }
    }

    /** Moves to the next record; false at the end. */
    boolean next() {
        do {
            position = nextLine;
            if (position >= text.length) {
                return false;
            }
            int end = position;
            while (text[end] != '\n') {
                end++;
            }
            nextLine = end + 1;
        } while (text[position] == '#');
        return true;
    }

    /** Whether the record has another field. */
    boolean hasField() {
        return position < nextLine - 1;
    }

    /** The character that the next field starts with; only while {@link #hasField()}. */
    char peek() {
        return (char) text[position];
    }

    String field() {
        int start = position;
        int end = fieldEnd();
        return new String(text, start, end - start, StandardCharsets.ISO_8859_1);
    }

    int decimal() {
        int start = position;
        return parse(start, fieldEnd(), 10);
    }

    int hex() {
        int start = position;
        return parse(start, fieldEnd(), 16);
    }

    /** Reads "first" or "first-last" as first shifted left by 32 bits, and last. */
    long hexRange() {
        int end = position;
        while (text[end] != '-' && text[end] != ' ' && text[end] != '\n') {
            end++;
        }
        int start = position;
        boolean pair = text[end] == '-';
        position = end + 1;
        int first = parse(start, end, 16);
        int last = pair ? hex() : first;
        return (long) first << 32 | last;
    }

    private int fieldEnd() {
        int end = position;
        while (text[end] != ' ' && text[end] != '\n') {
            end++;
        }
        position = end + 1;
        return end;
    }

    private int parse(int start, int end, int radix) {
        int value = 0;
        boolean negative = text[start] == '-';
        for (int i = negative ? start + 1 : start; i < end; i++) {
            value = value * radix + Character.digit(text[i], radix);
        }
        return negative ? -value : value;
    }
}
