package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The chart of a matrix, pixel by pixel where it matters, and its file. */
class HeatMapChartTest {
    private static final int WHITE = 0xFFFFFF;

    @TempDir
    private Path folder;

    private static Thumbnail thumbnail(int value) {
        byte[] rgb = new byte[3 * Thumbnail.SIDE * Thumbnail.SIDE];
        Arrays.fill(rgb, (byte) value);
        return new Thumbnail(rgb);
    }

    private static BufferedImage chart(Double[][] values) throws IOException {
        HeatMap map = new HeatMap(List.of("one", "two"), List.of("first text", "second text"), values, 2, true);
        Drawing drawing = HeatMapChart.draw(map, Arrays.asList(thumbnail(77), null), "title");
        return ImageIO.read(new ByteArrayInputStream(
                PngFile.encode(drawing.rgb(), drawing.width(), drawing.height())));
    }

    private static int rgb(BufferedImage image, int x, int y) {
        return image.getRGB(x, y) & WHITE;
    }

    @Test
    void cellsHaveTheColoursOfTheirValuesAndTheDiagonalIsOutlined() throws IOException {
        BufferedImage image = chart(new Double[][]{{1.0, 0.0}, {0.5, null}});
        int left = HeatMapChart.left();
        int top = HeatMapChart.top(2);
        int cell = HeatMapChart.CELL;
        int inside = 12;
        assertThat(rgb(image, left + inside, top + inside)).isEqualTo(HeatScale.rgb(1));
        assertThat(rgb(image, left + cell + inside, top + inside)).isEqualTo(HeatScale.rgb(0));
        assertThat(rgb(image, left + inside, top + cell + inside)).isEqualTo(HeatScale.rgb(0.5));
        assertThat(rgb(image, left + 2, top + cell / 2)).as("outline").isZero();
        assertThat(rgb(image, left + cell + 2, top + cell / 2)).as("no outline").isEqualTo(HeatScale.rgb(0));
        assertThat(rgb(image, left + cell + 2, top + cell + cell / 2)).as("outline").isZero();
        assertThat(rgb(image, 1, 1)).isEqualTo(WHITE);
    }

    @Test
    void picturesStandAtTheSideAndTheBarAtTheOther() throws IOException {
        BufferedImage image = chart(new Double[][]{{1.0, 0.0}, {0.5, 0.25}});
        int top = HeatMapChart.top(2);
        int height = 2 * HeatMapChart.CELL;
        assertThat(rgb(image, HeatMapChart.MARGIN + 60, top + 50)).isEqualTo(0x4D4D4D);
        int bar = HeatMapChart.left() + 2 * HeatMapChart.CELL + 30;
        assertThat(rgb(image, bar, top)).isEqualTo(HeatScale.rgb(1));
        assertThat(rgb(image, bar, top + height - 1)).isEqualTo(HeatScale.rgb(0));
        assertThat(image.getHeight()).isEqualTo(top + height + HeatMapChart.MARGIN);
    }

    @Test
    void textsStandOverTheirColumns() throws IOException {
        BufferedImage image = chart(new Double[][]{{1.0, 0.0}, {0.5, 0.25}});
        int[] dark = new int[2];
        for (int j = 0; j < 2; j++) {
            for (int x = 0; x < HeatMapChart.CELL; x++) {
                for (int y = HeatMapChart.MARGIN + 20; y < HeatMapChart.top(2); y++) {
                    dark[j] += rgb(image, HeatMapChart.left() + j * HeatMapChart.CELL + x, y) < 0x808080 ? 1 : 0;
                }
            }
        }
        assertThat(dark[0]).isGreaterThan(200);
        assertThat(dark[1]).as("one letter more").isGreaterThan(dark[0]);
    }

    @Test
    void labelsAreBrokenBetweenWordsAndCutAtTheLastLine() {
        assertThat(Drawing.wrap("one two three", 10, 75, 9)).containsExactly("one two", "three");
        assertThat(Drawing.wrap("incomprehensible", 10, 75, 9)).containsExactly("incompre", "hensible");
        assertThat(Drawing.wrap("one two three four", 10, 75, 2)).containsExactly("one two", "three...");
        assertThat(Drawing.wrap("", 10, 75, 2)).containsExactly("");
    }

    @Test
    void refusesMatricesThatAreTooLarge() {
        assertThatThrownBy(() -> HeatMapChart.checkSize(100, 100)).isInstanceOf(InputException.class)
                .hasMessageContaining("images=100 texts=100").hasMessageContaining("--png");
    }

    @Test
    void aFileReplacesOnlyPicturesOfThisProgram() throws IOException {
        Path file = folder.resolve("chart.png");
        PngFile.write(PngFile.writable(file), new byte[]{1, 2, 3, 4, 5, 6}, 1, 2);
        BufferedImage image = ImageIO.read(file.toFile());
        assertThat(new int[]{rgb(image, 0, 0), rgb(image, 0, 1)}).containsExactly(0x010203, 0x040506);
        PngFile.write(PngFile.writable(file), new byte[]{7, 8, 9}, 1, 1);
        assertThat(ImageIO.read(file.toFile()).getHeight()).isEqualTo(1);
        ImageIO.write(image, "png", file.toFile());
        assertThatThrownBy(() -> PngFile.writable(file)).isInstanceOf(InputException.class)
                .hasMessageContaining(file.toString());
        Files.writeString(file, "short");
        assertThatThrownBy(() -> PngFile.writable(file)).isInstanceOf(InputException.class);
        assertThat(file).hasContent("short");
    }
}
