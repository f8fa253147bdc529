package org.clip4j.text;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Expected values are those of Python 3.11's html.unescape and of ftfy 6.3.1's unescape_html. */
class HtmlReferencesTest {
    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = true, value = {"&amp; | &", "&ampamp; | &amp;",
            "&notit; | ¬it;", "&notin; | ∉", "&noti | ¬i", "&Aacute | Á", "&nosuch; | &nosuch;", "&#65; | A",
            "&#65 | A",
            "&#x1F600; | 😀", "&#X41g | Ag", "&#128; | €", "&#129; | \u0081", "&#0; | \uFFFD", "&#xD800; | \uFFFD",
            "&#x110000; | \uFFFD", "&#99999999999999999999; | \uFFFD", "a&#1;b | ab", "a&#xFFFE;b | ab", "&#; | &#;",
            "&#x; | &#x;", "&#xg; | &#xg;", "& | &", "&& | &&", "&lt;b&gt; | <b>", "&acE; | \u223E\u0333",
            "&CounterClockwiseContourIntegral; | ∳"})
    void unescapesLeniently(String text, String expected) {
        assertThat(HtmlReferences.unescape(text)).isEqualTo(expected);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', ignoreLeadingAndTrailingWhitespace = true, value = {"&amp; | &", "&amp | &amp",
            "this&not that | this&not that", "&EACUTE; | É", "&SZLIG; | SS", "&nTILDE; | &nTILDE;", "&LTRIE; | &LTRIE;",
            "&#59; | &#59;", "&#233; | é", "&#12a; | &#12a;", "a&#1;b | ab", "&Jscr; | 𝒥", "&FRAC12; | ½"})
    void unescapesOnlyWhatIsUnambiguous(String text, String expected) {
        assertThat(HtmlReferences.unescapeUnambiguous(text)).isEqualTo(expected);
    }
}
