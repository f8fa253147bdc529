package org.clip4j.text;

/**
 * What {@code ftfy.fix_text} 6.3.1 does with its default configuration: each line on its own is put through mojibake
 * repair and a series of character fixes until it no longer changes. Stateless.
 */
final class TextFixer {
    /** Longest stretch repaired as one, in code points: ftfy's max_decode_length. */
    private static final int MAX_SEGMENT_LENGTH = 1_000_000;

    private TextFixer() {}

    static String fix(String text) {
        if (isPlain(text)) {
            return text;
        }
        StringBuilder out = new StringBuilder(text.length());
        boolean unescape = true;
        int start = 0;
        while (start < text.length()) {
            int end = segmentEnd(text, start);
            String segment = text.substring(start, end);
            // A literal < means that this is HTML source, here and in all that follows.
            unescape = unescape && segment.indexOf('<') < 0;
            out.append(fixSegment(segment, unescape));
            start = end;
        }
        return out.toString();
    }

    private static int segmentEnd(String text, int start) {
        int newline = text.indexOf('\n', start);
        int end = newline < 0 ? text.length() : newline + 1;
        if (end - start > MAX_SEGMENT_LENGTH && text.codePointCount(start, end) > MAX_SEGMENT_LENGTH) {
            return text.offsetByCodePoints(start, MAX_SEGMENT_LENGTH);
        }
        return end;
    }

    private static String fixSegment(String segment, boolean unescape) {
        String text = segment;
        while (true) {
            String original = text;
            if (unescape) {
                text = HtmlReferences.unescapeUnambiguous(text);
            }
            text = MojibakeRepair.repair(text);
            text = CharacterFixes.fixC1Controls(text);
            text = CharacterFixes.splitLigatures(text);
            text = CharacterFixes.fixWidth(text);
            text = CharacterFixes.uncurlQuotes(text);
            text = CharacterFixes.fixLineBreaks(text);
            text = CharacterFixes.replaceLoneSurrogates(text);
            text = CharacterFixes.removeTerminalEscapes(text);
            text = CharacterFixes.removeControls(text);
            text = Nfc.normalize(text);
            if (text.equals(original)) {
                return text;
            }
        }
    }

    /** Whether nothing can apply: printable ASCII, tabs and line feeds, no ampersand. */
    private static boolean isPlain(String text) {
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            if (c >= 0x7F || c == '&' || (c < ' ' && c != '\n' && c != '\t')) {
                return false;
            }
        }
        return true;
    }
}
