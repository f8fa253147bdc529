package org.clip4j.text;

/**
 * Splits cleaned text into words as the pattern of openai/CLIP clip/simple_tokenizer.py does: the special tokens, English
 * contractions, runs of letters, single numbers, runs of anything else but white space. One thread at a time.
 */
final class WordScanner {
    /** A combining character whose case variants are letters: the case-insensitive pattern matches it nowhere. */
    private static final int YPOGEGRAMMENI = 0x345;
    private static final String START = "<|startoftext|>";
    private static final String END = "<|endoftext|>";

    private static final int SPACE = 0;
    private static final int LETTER = 1;
    private static final int NUMBER = 2;
    private static final int OTHER = 3;
    private static final int NOTHING = 4;

    private final String text;
    private int start;
    private int end;

    WordScanner(String text) {
        this.text = text;
    }

    /** Moves to the next word; false at the end of the text. */
    boolean next() {
        start = end;
        while (start < text.length()) {
            int c = text.codePointAt(start);
            int kind = kind(c);
            if (kind == LETTER || kind == NUMBER || kind == OTHER) {
                end = wordEnd(c, kind);
                return true;
            }
            start += Character.charCount(c);
        }
        end = start;
        return false;
    }

    /** Index of the word's first character. */
    int start() {
        return start;
    }

    /** Index behind the word's last character. */
    int end() {
        return end;
    }

    /** Whether the word is the start token's name; a long s in it makes it a word like any other. */
    boolean isStartToken() {
        return end - start == START.length() && text.startsWith(START, start);
    }

    boolean isEndToken() {
        return end - start == END.length() && text.startsWith(END, start);
    }

    private int wordEnd(int first, int kind) {
        if (first == '<' || first == '\'') {
            int special = first == '<' ? specialEnd() : contractionEnd();
            if (special > 0) {
                return special;
            }
        }
        int i = start + Character.charCount(first);
        if (kind == NUMBER) {
            return i;
        }
        while (i < text.length()) {
            int c = text.codePointAt(i);
            if (kind(c) != kind) {
                break;
            }
            i += Character.charCount(c);
        }
        return i;
    }

    private int specialEnd() {
        if (matches(START)) {
            return start + START.length();
        }
        return matches(END) ? start + END.length() : -1;
    }

    /** Ignores case: the text is lower-case already, and the long s is the one other character that folds to ASCII here. */
    private boolean matches(String name) {
        if (text.length() - start < name.length()) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (folded(start + i) != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private char folded(int i) {
        char c = i < text.length() ? text.charAt(i) : ' ';
        return c == '\u017F' ? 's' : c;
    }

    private int contractionEnd() {
        char first = folded(start + 1);
        char second = folded(start + 2);
        if (first == 's' || first == 't' || first == 'm' || first == 'd') {
            return start + 2;
        }
        boolean two = (second == 'e' && (first == 'r' || first == 'v')) || (first == 'l' && second == 'l');
        return two ? start + 3 : -1;
    }

    private static int kind(int c) {
        if (c < 0x80) {
            int lower = c | 0x20;
            if (lower >= 'a' && lower <= 'z') {
                return LETTER;
            }
            if (c >= '0' && c <= '9') {
                return NUMBER;
            }
            return PythonText.isPatternSpace(c) ? SPACE : OTHER;
        }
        if (UnicodeData.isLetter(c)) {
            return LETTER;
        }
        if (UnicodeData.isNumber(c)) {
            return NUMBER;
        }
        if (c == YPOGEGRAMMENI) {
            return NOTHING;
        }
        return PythonText.isPatternSpace(c) ? SPACE : OTHER;
    }
}
