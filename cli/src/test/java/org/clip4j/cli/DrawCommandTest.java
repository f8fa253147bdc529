package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import javax.imageio.ImageIO;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.ScenePainter;
import org.clip4j.training.drawn.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code draw} writes pictures and captions of the drawn world. */
class DrawCommandTest {
    @TempDir
    private Path folder;

    private CommandRun draw(String out, String... options) {
        return CommandRun.of(TinyModels.concat(List.of("draw", "--out", folder.resolve(out).toString()),
                List.of(options)));
    }

    @Test
    void writesThePicturesAndCaptionsOfASeed() throws IOException {
        draw("out", "--count", "11", "--seed", "-5", "--size", "48").succeeded();
        Path out = folder.resolve("out");
        try (Stream<Path> files = Files.list(out)) {
            assertThat(files).hasSize(22);
        }
        DrawnWorld.Pair pair = new DrawnWorld(-5, Split.TRAINING).pair(10);
        assertThat(out.resolve("drawn-10.txt")).hasContent(pair.caption().text());
        byte[] rgb = new ScenePainter(48).paint(pair.scene());
        BufferedImage image = ImageIO.read(out.resolve("drawn-10.png").toFile());
        assertThat(image.getWidth()).isEqualTo(48);
        for (int i = 0; i < 48 * 48; i++) {
            int expected = (rgb[3 * i] & 0xFF) << 16 | (rgb[3 * i + 1] & 0xFF) << 8 | (rgb[3 * i + 2] & 0xFF);
            assertThat(image.getRGB(i % 48, i / 48) & 0xFFFFFF).isEqualTo(expected);
        }
    }

    @Test
    void captionsAreOfTheKindAskedFor() throws IOException {
        draw("complete", "--count", "1", "--captions", "complete", "--split", "unseen-word").succeeded();
        assertThat(folder.resolve("complete").resolve("drawn-0.txt"))
                .hasContent(new DrawnWorld(1, Split.UNSEEN_WORD).complete(0).caption().text());
        draw("distinct", "--count", "2", "--captions", "distinct").succeeded();
        assertThat(folder.resolve("distinct").resolve("drawn-1.txt"))
                .hasContent(new DrawnWorld(1, Split.TRAINING).distinct(0, 2).get(1).caption().text());
    }

    @Test
    void replacesNoFile() throws IOException {
        Path out = Files.createDirectory(folder.resolve("out"));
        Path own = Files.writeString(out.resolve("drawn-1.txt"), "mine");
        draw("out", "--count", "2").refused().contains(own.toString());
        assertThat(own).hasContent("mine");
        assertThat(out.resolve("drawn-0.png")).doesNotExist();
    }

    @Test
    void refusesWhatCannotBeDrawn() {
        draw("out", "--count", "0").refused().contains("--count").contains("actual=0");
        draw("out", "--size", "8").refused().contains("--size").contains("expected=16..4096");
        draw("out", "--captions", "funny").refused().contains("--captions").contains("distinct");
        draw("out", "--split", "funny").refused().contains("--split").contains("unseen-colour");
        CommandRun.of("draw").refused().contains("--out");
        assertThat(folder.resolve("out")).doesNotExist();
    }
}
