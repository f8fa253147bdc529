package org.clip4j.text;

/**
 * The fixes of ftfy that look at single characters. Each returns the same instance where nothing has to change.
 */
final class CharacterFixes {
    /** Letters joined for legacy or typographical reasons, each followed by what it is made of. */
    private static final String[] LIGATURES = {"\u0132IJ", "\u0133ij", "\u0149\u02BCn", "\u01F1DZ", "\u01F2Dz",
            "\u01F3dz",
            "\u01C4D\u017D", "\u01C5D\u017E", "\u01C6d\u017E", "\u01C7LJ", "\u01C8Lj", "\u01C9lj", "\u01CANJ",
            "\u01CBNj",
            "\u01CCnj", "\uFB00ff", "\uFB01fi", "\uFB02fl", "\uFB03ffi", "\uFB04ffl", "\uFB05\u017Ft", "\uFB06st"};

    private CharacterFixes() {}

    /** Reads C1 control characters as the windows-1252 bytes that they were. */
    static String fixC1Controls(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x80 && c <= 0x9F) {
                out = out == null ? new StringBuilder(text) : out;
                out.setCharAt(i, SingleByteEncoding.WINDOWS_1252.decode(c));
            }
        }
        return out == null ? text : out.toString();
    }

    static String splitLigatures(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            String parts = c >= 0x132 ? ligature(c) : null;
            if (parts != null && out == null) {
                out = new StringBuilder(text.length() + 4).append(text, 0, i);
            }
            if (parts != null) {
                out.append(parts, 1, parts.length());
            } else if (out != null) {
                out.append(c);
            }
        }
        return out == null ? text : out.toString();
    }

    private static String ligature(char c) {
        for (String ligature : LIGATURES) {
            if (ligature.charAt(0) == c) {
                return ligature;
            }
        }
        return null;
    }

    /** Full-width ASCII, half-width Katakana and Hangul, and the ideographic space get their usual forms. */
    static String fixWidth(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            String form = c == 0x3000 ? " " : c >= 0xFF00 ? UnicodeData.widthForm(c) : null;
            if (form != null && out == null) {
                out = new StringBuilder(text.length() + 4).append(text, 0, i);
            }
            if (form != null) {
                out.append(form);
            } else if (out != null) {
                out.append(c);
            }
        }
        return out == null ? text : out.toString();
    }

    static String uncurlQuotes(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean single = c == 0x2BC || (c >= 0x2018 && c <= 0x201B);
            if (single || (c >= 0x201C && c <= 0x201F)) {
                out = out == null ? new StringBuilder(text) : out;
                out.setCharAt(i, single ? '\'' : '"');
            }
        }
        return out == null ? text : out.toString();
    }

    /** CR LF, CR, NEL and the two Unicode separators become line feeds. */
    static String fixLineBreaks(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean breaks = c == '\r' || c == 0x85 || c == 0x2028 || c == 0x2029;
            if (breaks && out == null) {
                out = new StringBuilder(text.length()).append(text, 0, i);
            }
            if (c == '\r' && i + 1 < text.length() && text.charAt(i + 1) == '\n') {
                continue;
            }
            if (out != null) {
                out.append(breaks ? '\n' : c);
            }
        }
        return out == null ? text : out.toString();
    }

    static String replaceLoneSurrogates(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            int codePoint = text.codePointAt(i);
            if (codePoint >= 0x10000) {
                i++;
            } else if (codePoint >= 0xD800 && codePoint <= 0xDFFF) {
                out = out == null ? new StringBuilder(text) : out;
                out.setCharAt(i, '\uFFFD');
            }
        }
        return out == null ? text : out.toString();
    }

    /** Removes escape, bracket, digits and semicolons, letter: what colours text in a terminal. */
    static String removeTerminalEscapes(String text) {
        int escape = text.indexOf('\u001B');
        if (escape < 0) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        int i = 0;
        while (escape >= 0) {
            int end = terminalEscapeEnd(text, escape);
            out.append(text, i, end < 0 ? escape + 1 : escape);
            i = end < 0 ? escape + 1 : end;
            escape = text.indexOf('\u001B', i);
        }
        return out.append(text, i, text.length()).toString();
    }

    private static int terminalEscapeEnd(String text, int escape) {
        int i = escape + 1;
        if (i >= text.length() || text.charAt(i) != '[') {
            return -1;
        }
        i++;
        while (i < text.length()) {
            int c = text.codePointAt(i);
            boolean digit = c < 0x80 ? c >= '0' && c <= '9' : UnicodeData.isDecimalDigit(c);
            if (!digit && c != ';') {
                boolean letter = c < 0x80 && (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
                return letter ? i + 1 : -1;
            }
            i += Character.charCount(c);
        }
        return -1;
    }

    /** Removes control characters that are neither white space nor clues about mojibake. */
    static String removeControls(String text) {
        StringBuilder out = null;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            boolean removed = isRemovedControl(c);
            if (removed && out == null) {
                out = new StringBuilder(text.length()).append(text, 0, i);
            }
            if (out != null && !removed) {
                out.append(c);
            }
        }
        return out == null ? text : out.toString();
    }

    // ASCII controls but tab, LF, FF, CR; deprecated format characters; byte order mark; interlinear annotations.
    private static boolean isRemovedControl(char c) {
        if (c < 0x7F) {
            return c < 0x20 && c != '\t' && c != '\n' && c != '\f' && c != '\r';
        }
        return c == 0x7F || (c >= 0x206A && c <= 0x206F) || c == 0xFEFF || (c >= 0xFFF9 && c <= 0xFFFC);
    }
}
