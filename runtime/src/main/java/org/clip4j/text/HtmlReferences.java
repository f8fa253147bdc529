package org.clip4j.text;

import java.util.HashMap;
import java.util.Locale;
import java.util.Map;

/**
 * Character references of HTML5, decoded in the two ways that the reference uses: leniently, as Python's
 * {@code html.unescape} does, and only where unambiguous, as ftfy does. Stateless.
 */
final class HtmlReferences {
    /** Longest name that the lenient rule looks at, in code points. */
    private static final int LENIENT_NAME_LIMIT = 32;
    /** Longest run of letters and digits that ftfy's rule looks at. */
    private static final int STRICT_NAME_LIMIT = 24;
    // Bytes 80 to 9F of a numeric reference are read as windows-1252 (HTML, "numeric character reference end state").
    private static final String C1_REPLACEMENTS = "\u20AC\u0081\u201A\u0192\u201E\u2026\u2020\u2021\u02C6\u2030\u0160"
            + "\u2039\u0152\u008D\u017D\u008F\u0090\u2018\u2019\u201C\u201D\u2022\u2013\u2014\u02DC\u2122\u0161\u203A\u0153"
            + "\u009D\u017E\u0178";

    private HtmlReferences() {}

    /** Loaded when the first named reference is met. Keys are without ampersand, and with the semicolon if it is needed. */
    private static final class Names {
        static final Map<String, String> VALUES = load();

        private static Map<String, String> load() {
            Map<String, String> values = new HashMap<>(4096);
            ResourceRecords records = ResourceRecords.open("entities.txt");
            StringBuilder value = new StringBuilder(2);
            while (records.next()) {
                String name = records.field();
                value.setLength(0);
                boolean bare = false;
                while (records.hasField()) {
                    if (records.peek() == '*') {
                        records.field();
                        bare = true;
                    } else {
                        value.appendCodePoint(records.hex());
                    }
                }
                String text = value.toString();
                values.put(name.concat(";"), text);
                if (bare) {
                    values.put(name, text);
                }
            }
            return values;
        }
    }

    /** Python's {@code html.unescape}: also without semicolon, the longest known prefix of a name counts. */
    static String unescape(String text) {
        int ampersand = text.indexOf('&');
        if (ampersand < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int i = 0;
        while (ampersand >= 0) {
            out.append(text, i, ampersand);
            i = ampersand + 1;
            boolean numeric = i < text.length() && text.charAt(i) == '#';
            i = numeric ? appendNumeric(text, i, out) : appendNamed(text, i, out);
            ampersand = text.indexOf('&', i);
        }
        return out.append(text, i, text.length()).toString();
    }

    /** Handles {@code #123;} or {@code #x1F;} at {@code hash}; returns where to go on. */
    private static int appendNumeric(String text, int hash, StringBuilder out) {
        int i = hash + 1;
        boolean hexadecimal = i < text.length() && (text.charAt(i) | 0x20) == 'x';
        int radix = hexadecimal ? 16 : 10;
        int first = hexadecimal ? i + 1 : i;
        int end = first;
        int value = 0;
        while (end < text.length() && digit(text.charAt(end), radix) >= 0) {
            value = Math.min(value * radix + digit(text.charAt(end), radix), Character.MAX_CODE_POINT + 1);
            end++;
        }
        if (end == first) {
            out.append('&');
            return hash;
        }
        appendCharacter(value, out);
        return end < text.length() && text.charAt(end) == ';' ? end + 1 : end;
    }

    private static int digit(char c, int radix) {
        return c < 0x80 ? Character.digit(c, radix) : -1;
    }

    private static void appendCharacter(int number, StringBuilder out) {
        if (number == 0 || (number >= 0xD800 && number <= 0xDFFF) || number > Character.MAX_CODE_POINT) {
            out.append('\uFFFD');
        } else if (number >= 0x80 && number <= 0x9F) {
            out.append(C1_REPLACEMENTS.charAt(number - 0x80));
        } else if (!isDropped(number)) {
            out.appendCodePoint(number);
        }
    }

    /** Controls and noncharacters, which the reference removes. */
    private static boolean isDropped(int number) {
        boolean control = number < 0x20 && number != '\t' && number != '\n' && number != '\f' && number != '\r';
        return control || number == 0x7F || (number >= 0xFDD0 && number <= 0xFDEF) || (number & 0xFFFE) == 0xFFFE;
    }

    private static int appendNamed(String text, int start, StringBuilder out) {
        int end = start;
        int count = 0;
        while (end < text.length() && count < LENIENT_NAME_LIMIT && isNameCharacter(text.charAt(end))) {
            end += Character.charCount(text.codePointAt(end));
            count++;
        }
        if (end == start) {
            out.append('&');
            return start;
        }
        if (end < text.length() && text.charAt(end) == ';') {
            end++;
        }
        String name = text.substring(start, end);
        String value = Names.VALUES.get(name);
        if (value != null) {
            out.append(value);
            return end;
        }
        for (int length = name.length() - 1; length > 1; length--) {
            value = Names.VALUES.get(name.substring(0, length));
            if (value != null) {
                out.append(value).append(name, length, name.length());
                return end;
            }
        }
        out.append('&').append(name);
        return end;
    }

    private static boolean isNameCharacter(char c) {
        return c != '\t' && c != '\n' && c != '\f' && c != ' ' && c != '<' && c != '&' && c != '#' && c != ';';
    }

    /** ftfy's rule: only references that end in a semicolon, and names written in capitals by an upper-casing. */
    static String unescapeUnambiguous(String text) {
        int ampersand = text.indexOf('&');
        if (ampersand < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int i = 0;
        while (ampersand >= 0) {
            int name = ampersand + 1;
            if (name < text.length() && text.charAt(name) == '#') {
                name++;
            }
            int end = name;
            while (end < text.length() && end - name < STRICT_NAME_LIMIT && isAsciiAlphanumeric(text.charAt(end))) {
                end++;
            }
            if (end > name && end < text.length() && text.charAt(end) == ';') {
                out.append(text, i, ampersand).append(unambiguous(text.substring(ampersand, end + 1)));
                i = end + 1;
            }
            ampersand = text.indexOf('&', Math.max(i, ampersand + 1));
        }
        return i == 0 ? text : out.append(text, i, text.length()).toString();
    }

    /** The value of a whole reference, from ampersand to semicolon, or the reference itself. */
    private static String unambiguous(String reference) {
        if (reference.charAt(1) == '#') {
            String value = unescape(reference);
            return value.indexOf(';') >= 0 ? reference : value;
        }
        String name = reference.substring(1);
        String value = Names.VALUES.get(name);
        if (value != null) {
            return value;
        }
        String lower = Names.VALUES.get(name.toLowerCase(Locale.ROOT));
        boolean capitals = name.equals(name.toUpperCase(Locale.ROOT));
        if (lower == null || !capitals || !unescape(reference).equals(reference)) {
            return reference;
        }
        return lower.toUpperCase(Locale.ROOT);
    }

    private static boolean isAsciiAlphanumeric(char c) {
        return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
    }
}
