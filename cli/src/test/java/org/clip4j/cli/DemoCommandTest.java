package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code demo}, here with a model that knows nothing of its pictures. */
class DemoCommandTest {
    @TempDir
    static Path folder;
    private static String model;

    @BeforeAll
    static void convert() {
        model = TinyModels.vit(folder);
    }

    private static CommandRun demo(Path out, String... options) {
        return CommandRun.of(TinyModels.concat(List.of("demo", "--model", model, "--out", out.toString()),
                List.of(options)));
    }

    @Test
    void everyCaptionIsTrueOfItsOwnPictureOnly() {
        List<DemoPictures.Shown> pictures = DemoPictures.all();
        Set<ByteBuffer> different = new HashSet<>();
        for (DemoPictures.Shown picture : pictures) {
            for (DemoPictures.Shown other : pictures) {
                assertThat(picture.caption().claims().areTrueOf(other.scene())).isEqualTo(picture.equals(other));
            }
            different.add(ByteBuffer.wrap(picture.thumbnail().rgb()));
            assertThat(picture.caption().text().length()).isLessThanOrEqualTo(66);
        }
        assertThat(pictures).hasSize(8);
        assertThat(different).hasSize(8);
    }

    @Test
    void theExitCodeSaysWhetherTheDiagonalIsLargestEverywhere() throws IOException {
        Path out = folder.resolve("demo.png");
        CommandRun run = demo(out, "--json");
        Map<String, Object> result = run.json();
        assertThat(result.keySet())
                .hasToString("[captions, cosine, rows_won, columns_won, pictures, file]");
        List<Object> rows = TinyModels.list(result.get("cosine"));
        int rowsWon = 0;
        for (int i = 0; i < rows.size(); i++) {
            double[] row = TinyModels.numbers(rows.get(i));
            assertThat(row).hasSize(8);
            rowsWon += row[i] == Arrays.stream(row).max().getAsDouble() ? 1 : 0;
        }
        assertThat(result).containsEntry("rows_won", rowsWon).containsEntry("pictures", 8);
        boolean all = rowsWon == 8 && result.get("columns_won").equals(8);
        assertThat(run.exitCode()).isEqualTo(all ? 0 : 1);
        assertThat(run.err()).isEmpty();
        assertThat(ImageIO.read(out.toFile()).getWidth()).isGreaterThan(8 * HeatMapChart.CELL);
    }

    @Test
    void showsTheMatrixAndWhereToGoFromThere() {
        CommandRun run = demo(folder.resolve("shown.png"));
        assertThat(run.lines()).hasSizeGreaterThan(20);
        assertThat(run.lines().get(0).trim().split(" +", -1)).containsExactly("1", "2", "3", "4", "5", "6", "7", "8");
        assertThat(run.lines().get(1)).startsWith("picture 1 ").contains("[").contains("]");
        assertThat(run.out()).contains("shown.png").contains("clip pull ViT-B/32").contains("of 8 pictures")
                .doesNotContain("\u001b");
        assertThat(run.lines()).allSatisfy(line -> assertThat(line.length()).isLessThanOrEqualTo(95));
    }

    @Test
    void twoRunsGiveTheSamePictureAndTheSecondReplacesTheFirst() throws IOException {
        Path out = folder.resolve("again.png");
        demo(out);
        byte[] first = Files.readAllBytes(out);
        demo(out);
        assertThat(out).hasBinaryContent(first);
    }

    @Test
    void refusesToReplaceWhatItDidNotMakeAndFoldersThatAreNone() throws IOException {
        Path own = Files.writeString(folder.resolve("own.png"), "my photo");
        demo(own).refused().contains("own.png").contains("choose another name");
        assertThat(own).hasContent("my photo");
        demo(folder.resolve("none").resolve("a.png")).refused().contains("folder does not exist");
        demo(folder).refused().contains("actual=folder");
    }
}
