package org.clip4j.text;

/**
 * Python 3.11's {@code str.strip} and {@code str.lower}, and what its {@code \s} and that of the regex engine call white
 * space. Stateless.
 */
final class PythonText {
    private PythonText() {}

    /** {@code str.isspace}; also what {@code \s} means in Python's own {@code re}. */
    static boolean isSpace(int c) {
        return isPatternSpace(c) || (c >= 0x1C && c <= 0x1F);
    }

    /** {@code \s} of the regex engine that splits words: the White_Space property, without U+001C to U+001F. */
    static boolean isPatternSpace(int c) {
        if (c < 0x85) {
            return c == ' ' || (c >= '\t' && c <= '\r');
        }
        return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029
                || c == 0x202F || c == 0x205F || c == 0x3000;
    }

    static String strip(String text) {
        int start = 0;
        int end = text.length();
        while (start < end && isSpace(text.charAt(start))) {
            start++;
        }
        while (end > start && isSpace(text.charAt(end - 1))) {
            end--;
        }
        return text.substring(start, end);
    }

    /** Turns each run of pattern white space into one space. */
    static String collapseSpaces(String text) {
        StringBuilder out = null;
        int i = 0;
        while (i < text.length()) {
            char c = text.charAt(i);
            int end = i + 1;
            boolean space = isPatternSpace(c);
            while (space && end < text.length() && isPatternSpace(text.charAt(end))) {
                end++;
            }
            if (out == null && space && (c != ' ' || end > i + 1)) {
                out = new StringBuilder(text.length()).append(text, 0, i);
            }
            if (out != null) {
                out.append(space ? ' ' : c);
            }
            i = end;
        }
        return out == null ? text : out.toString();
    }

    /** Full lower-casing: dotted capital I becomes two characters, a sigma at the end of a word the final one. */
    static String lower(String text) {
        int i = 0;
        while (i < text.length() && (text.charAt(i) < 'A' || text.charAt(i) > 'Z') && text.charAt(i) < 0x80) {
            i++;
        }
        if (i == text.length()) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length() + 8).append(text, 0, i);
        while (i < text.length()) {
            int c = text.codePointAt(i);
            if (c < 0x80) {
                out.append((char) (c >= 'A' && c <= 'Z' ? c + 32 : c));
            } else if (c == 0x130) {
                out.append("i\u0307");
            } else if (c == 0x3A3) {
                out.append(isFinalSigma(text, i) ? '\u03C2' : '\u03C3');
            } else {
                out.appendCodePoint(UnicodeData.toLower(c));
            }
            i += Character.charCount(c);
        }
        return out.toString();
    }

    /** Final_Sigma of The Unicode Standard, section 3.13: a cased letter before, none after, ignorable ones skipped. */
    private static boolean isFinalSigma(String text, int sigma) {
        int before = sigma;
        boolean casedBefore = false;
        while (before > 0) {
            int c = text.codePointBefore(before);
            before -= Character.charCount(c);
            if (!UnicodeData.isCaseIgnorable(c)) {
                casedBefore = UnicodeData.isCased(c);
                break;
            }
        }
        if (!casedBefore) {
            return false;
        }
        int after = sigma + 1;
        while (after < text.length()) {
            int c = text.codePointAt(after);
            after += Character.charCount(c);
            if (!UnicodeData.isCaseIgnorable(c)) {
                return !UnicodeData.isCased(c);
            }
        }
        return true;
    }
}
