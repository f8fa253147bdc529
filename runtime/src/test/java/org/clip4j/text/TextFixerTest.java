package org.clip4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Each step of the repair on its own, with what ftfy 6.3.1 gives for the same input. */
class TextFixerTest {
    @ParameterizedTest
    @ValueSource(strings = {"schöner Baum", "l’été à la plage", "“quoted” — said", "東京の猫", "мир и кот", "a 😀 face"})
    void undoesUtf8ReadAsWindows1252(String text) {
        StringBuilder mojibake = new StringBuilder();
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            mojibake.append(b < 0 ? SingleByteEncoding.WINDOWS_1252.decode(b & 0xFF) : (char) b);
        }
        assertThat(MojibakeRepair.repair(mojibake.toString())).isEqualTo(text);
    }

    @Test
    void undoesItTwice() {
        String once = new String("déjà vu".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        String twice = new String(once.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertThat(TextFixer.fix(twice)).isEqualTo("déjà vu");
    }

    @Test
    void undoesUtf8ReadAsWindows1251() {
        String mojibake = new String("Привет, мир".getBytes(StandardCharsets.UTF_8), Charset.forName("windows-1251"));
        assertThat(TextFixer.fix(mojibake)).isEqualTo("Привет, мир");
    }

    @ParameterizedTest
    @ValueSource(strings = {"Ærøskøbing", "naïve café", "Ελλάδα", "Привет, мир", "5 µm ± 2 °C", "¿Qué? ¡Sí!",
            "O’Neill"})
    void leavesSoundTextAlone(String text) {
        assertThat(MojibakeRepair.repair(text)).isEqualTo(text);
    }

    @Test
    void restoresNoBreakSpacesThatBecameSpaces() {
        assertThat(TextFixer.fix("voilÃ le chat")).isEqualTo("voilà le chat");
        assertThat(TextFixer.fix("Ã quel Ã©tage")).isEqualTo("à quel étage");
    }

    @Test
    void replacesSequencesWithLostBytes() {
        assertThat(TextFixer.fix("â€œquotedâ€\uFFFD")).isEqualTo("\"quoted\uFFFD");
    }

    @Test
    void repairsStretchesInsideSoundText() {
        assertThat(TextFixer.fix("日本 â€” cat")).isEqualTo("日本 — cat");
    }

    @Test
    void decodesCesu8AndJavasNul() {
        byte[] bytes = {(byte) 0xED, (byte) 0xA0, (byte) 0xBD, (byte) 0xED, (byte) 0xB8, (byte) 0x80, (byte) 0xC0,
                (byte) 0x80};
        assertThat(DamagedUtf8.decode(bytes)).isEqualTo("😀\0");
        assertThat(DamagedUtf8.decode(new byte[]{(byte) 0xED, (byte) 0xA0, (byte) 0xBD})).isNull();
    }

    @Test
    void readsC1ControlsAsWindows1252() {
        assertThat(TextFixer.fix("an ellipsis\u0085")).isEqualTo("an ellipsis…");
    }

    @Test
    void fixesSingleCharacters() {
        assertThat(CharacterFixes.splitLigatures("ﬂuﬃest ĳs")).isEqualTo("fluffiest ijs");
        assertThat(CharacterFixes.fixWidth("ＬＯＵＤ　ﾈｺ")).isEqualTo("LOUD ネコ");
        assertThat(CharacterFixes.uncurlQuotes("‘a’ “b”")).isEqualTo("'a' \"b\"");
        assertThat(CharacterFixes.fixLineBreaks("a\r\nb\rc\u2028d")).isEqualTo("a\nb\nc\nd");
        assertThat(CharacterFixes.replaceLoneSurrogates("\uDE00a😀\uD83D")).isEqualTo("\uFFFDa😀\uFFFD");
        assertThat(CharacterFixes.removeTerminalEscapes("\u001B[31;1mred\u001B[0m \u001B[x")).isEqualTo("red ");
        assertThat(CharacterFixes.removeControls("a\0b\uFEFFc\td\u007F")).isEqualTo("abc\td");
    }

    @Test
    void decodesReferencesUntilALineShowsThatItIsHtml() {
        assertThat(TextFixer.fix("&eacute;\n<&eacute;\n&eacute;")).isEqualTo("é\n<&eacute;\n&eacute;");
    }

    @Test
    void composesMarks() {
        assertThat(TextFixer.fix("cafe\u0301")).isEqualTo("café");
        assertThat(Nfc.normalize("\u1112\u1161\u11AB")).isEqualTo("한");
        assertThat(Nfc.normalize("a\u0301\u0323")).isEqualTo("\u1EA1\u0301");
        assertThat(Nfc.normalize("\u0958\u212B")).isEqualTo("\u0915\u093C\u00C5");
    }

    @Test
    void lowersAsPythonDoes() {
        assertThat(PythonText.lower("ΟΔΥΣΣΕΥΣ Σ ΑΣ. İ ÄẞǄ")).isEqualTo("οδυσσευς σ ας. i\u0307 äßǆ");
    }

    @Test
    void isTheSameWhateverTheJdkKnows() {
        // U+1E4D0 is a letter since Unicode 15.0; U+A7DC has a lower-case form since 16.0; U+16D67 composes since 16.0.
        assertThat(UnicodeData.isLetter(0x1E4D0)).isTrue();
        assertThat(PythonText.lower("\uA7DC")).isEqualTo("\uA7DC");
        String future = new StringBuilder().appendCodePoint(0x16D67).appendCodePoint(0x16D67).toString();
        assertThat(Nfc.normalize(future)).isEqualTo(future);
    }

    @Test
    void handlesALongHostileLine() {
        String marks = "a" + "\u0301\u0323".repeat(100_000);
        assertThat(TextFixer.fix(marks).substring(0, 2)).isEqualTo("\u1EA1\u0323");
    }
}
