package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A matrix as lines for a terminal, with as many colours as there are. */
class HeatMapTest {
    private static final Double[][] VALUES = {{0.5, -0.25}, {null, 0.125}};
    private static final HeatMap MAP = new HeatMap(List.of("a.png", "bb.png"), List.of("a cat", "a dog"), VALUES, 2,
            true);

    @Test
    void plainLinesMarkTheDiagonalAndTheWinners() {
        assertThat(MAP.lines(Colours.NONE)).containsExactly(
                "            1       2",
                "a.png  [ 0.50]* -0.25",
                "bb.png      -  [ 0.13]*",
                "     1  a cat",
                "     2  a dog");
    }

    @Test
    void paletteLinesTintEachCell() {
        // 16 60 12, the coldest, is nearest to level 1 of blue only; 252 210 92, the hottest, to levels 5, 4 and 1.
        assertThat(MAP.lines(Colours.PALETTE).get(1)).isEqualTo(
                "a.png  \u001b[1;30;48;5;221m[ 0.50]*\u001b[0m\u001b[97;48;5;17m -0.25  \u001b[0m");
        assertThat(MAP.lines(Colours.PALETTE).get(0)).isEqualTo("            1       2");
    }

    @Test
    void fullColoursTintEachCellThatHasAValue() {
        assertThat(MAP.lines(Colours.FULL).subList(1, 3)).containsExactly(
                "a.png  \u001b[1;30;48;2;252;210;92m[ 0.50]*\u001b[0m\u001b[97;48;2;16;12;60m -0.25  \u001b[0m",
                "bb.png      -  \u001b[1;97;48;2;176;42;92m[ 0.13]*\u001b[0m");
    }

    @Test
    void aMatrixThatIsNotPairedHasNoDiagonal() {
        HeatMap map = new HeatMap(List.of("a"), List.of("x", "y"), new Double[][]{{1.0, 1.0}}, 1, false);
        assertThat(map.lines(Colours.NONE).get(1)).isEqualTo("a   1.0    1.0");
        assertThat(List.of(map.number(-0.04), map.number(-0.06))).containsExactly("0.0", "-0.1");
    }

    @Test
    void onlyTheLargestOfARowOrColumnWins() {
        HeatMap map = new HeatMap(List.of("a", "b"), List.of("x", "y"), new Double[][]{{0.9, 0.9}, {0.1, 1.0}}, 1,
                true);
        assertThat(map.winsRow(0, 0)).as("a draw").isFalse();
        assertThat(map.winsRow(1, 1)).isTrue();
        assertThat(map.winsColumn(0, 0)).isTrue();
        assertThat(map.winsColumn(0, 1)).isFalse();
        assertThat(MAP.winsColumn(0, 0)).as("above a cell without a value").isTrue();
        assertThat(MAP.winsRow(1, 0)).as("a cell without a value").isFalse();
    }

    @Test
    void coloursFollowTheTerminalAndTheEnvironment() {
        assertThat(Colours.of(false, Map.of("COLORTERM", "truecolor"))).isEqualTo(Colours.NONE);
        assertThat(Colours.of(true, Map.of("COLORTERM", "truecolor", "NO_COLOR", "1"))).isEqualTo(Colours.NONE);
        assertThat(Colours.of(true, Map.of("NO_COLOR", ""))).isEqualTo(Colours.PALETTE);
        assertThat(Colours.of(true, Map.of("COLORTERM", "24bit"))).isEqualTo(Colours.FULL);
    }

    @Test
    void thumbnailsAreHalfBlocksOfMeanColours() {
        byte[] rgb = new byte[3 * Thumbnail.SIDE * Thumbnail.SIDE];
        for (int i = 0; i < rgb.length / 2; i += 3) {
            rgb[i] = (byte) 255;
        }
        List<String> lines = new Thumbnail(rgb).lines(Colours.FULL);
        assertThat(lines).hasSize(8);
        assertThat(lines.get(0)).isEqualTo("\u001b[38;2;255;0;0;48;2;255;0;0m\u2580".repeat(16) + "\u001b[0m");
        assertThat(lines.get(7)).startsWith("\u001b[38;2;0;0;0;48;2;0;0;0m\u2580");
    }
}
