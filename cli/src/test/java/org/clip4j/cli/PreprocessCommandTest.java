package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Image files become arrays of their name; images that are none are refused. */
class PreprocessCommandTest {
    @TempDir
    Path folder;

    private CommandRun preprocess(String... images) {
        return CommandRun.of(TinyModels.concat(
                java.util.List.of("preprocess", "--size", "16", "--out", folder.resolve("out").toString()),
                java.util.List.of(images)));
    }

    private byte[] written(String name) throws Exception {
        return Files.readAllBytes(folder.resolve("out").resolve(name));
    }

    @Test
    void writesPixelsAndTensors() throws Exception {
        String image = TinyModels.image(folder, "plain.bmp", 200, 10, 30);
        preprocess(image).succeeded();
        byte[] pixels = written("plain.bmp.npy");
        assertThat(new String(pixels, 0, 128, StandardCharsets.ISO_8859_1)).contains("'|u1'").contains("(16, 16, 3)");
        assertThat(pixels).hasSize(128 + 3 * 16 * 16);
        assertThat(new int[]{pixels[128] & 0xFF, pixels[129], pixels[130]}).containsExactly(200, 10, 30);

        preprocess(image, "--normalized").succeeded();
        byte[] tensor = written("plain.bmp.npy");
        assertThat(new String(tensor, 0, 128, StandardCharsets.ISO_8859_1)).contains("'<f4'").contains("(3, 16, 16)");
        assertThat(tensor).hasSize(128 + 4 * 3 * 16 * 16);
        // openai/CLIP clip/clip.py: mean and standard deviation of red
        assertThat(ByteBuffer.wrap(tensor).order(ByteOrder.LITTLE_ENDIAN).getFloat(128))
                .isEqualTo((200 / 255f - 0.48145466f) / 0.26862954f);
    }

    @Test
    void takesTheSizeFromAModelAndPathsFromAStream() throws Exception {
        String image = TinyModels.image(folder, "plain.bmp", 1, 2, 3);
        String out = folder.resolve("out").toString();
        CommandRun
                .withInput(image + "\n", "preprocess", "--model", TinyModels.vit(folder), "--out", out, "--images", "-")
                .succeeded();
        assertThat(written("plain.bmp.npy")).hasSize(128 + 3 * TinyModels.SIZE * TinyModels.SIZE);
    }

    @Test
    void refusesImagesThatAreNoneAndGoesOn() throws Exception {
        String good = TinyModels.image(folder, "good.bmp", 1, 2, 3);
        String empty = Files.createFile(folder.resolve("empty.png")).toString();
        String corrupt = Files.write(folder.resolve("corrupt.png"),
                new byte[]{(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n', 0, 0, 0, 13, 'I', 'H', 'D', 'R', 0})
                .toString();
        String missing = folder.resolve("missing.png").toString();
        CommandRun run = preprocess(empty, corrupt, missing, folder.toString(), good);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err().lines()).hasSize(4).allMatch(line -> line.startsWith("clip: error: "));
        assertThat(run.err()).contains("empty").contains("corrupt.png").contains("missing.png")
                .doesNotContain("\tat ");
        assertThat(folder.resolve("out")).isDirectoryContaining("glob:**good.bmp.npy")
                .isDirectoryNotContaining("glob:**{empty,corrupt,missing}*");
    }

    @Test
    void refusesImagesBeyondThePixelLimit() throws Exception {
        byte[] header = ByteBuffer.allocate(64).order(ByteOrder.LITTLE_ENDIAN).put((byte) 'B').put((byte) 'M')
                .putInt(64)
                .putInt(0).putInt(54).putInt(40).putInt(100_000).putInt(100_000).putShort((short) 1)
                .putShort((short) 24).array();
        String huge = Files.write(folder.resolve("huge.bmp"), header).toString();
        preprocess(huge).refused().contains("maxPixels=178956970").contains("width=100000");
    }

    @Test
    void doesNotOverwriteAnImageOfTheSameName() throws Exception {
        Path other = Files.createDirectory(folder.resolve("other"));
        String first = TinyModels.image(folder, "same.bmp", 1, 2, 3);
        String second = TinyModels.image(other, "same.bmp", 4, 5, 6);
        preprocess(first, second).refused().contains(second).contains("same name");
        assertThat(written("same.bmp.npy")[128]).isEqualTo((byte) 1);
    }

    @Test
    void leavesNothingBehindOnAFullDisk() throws Exception {
        String image = TinyModels.image(folder, "plain.bmp", 1, 2, 3);
        preprocess(image).succeeded(); // unpacks native libraries, too
        byte[] before = written("plain.bmp.npy");
        Path out = folder.resolve("out");
        SmallDisk.assertRefused(SmallDisk.run("preprocess", "--size", "224", "--normalized", "--out", out.toString(),
                image), out);
        assertThat(written("plain.bmp.npy")).as("the file of before").isEqualTo(before);
        assertThat(out).isDirectoryNotContaining(file -> !file.endsWith("plain.bmp.npy"));
    }

    @Test
    void refusesWrongUse() throws Exception {
        String image = TinyModels.image(folder, "plain.bmp", 1, 2, 3);
        String out = folder.resolve("out").toString();
        CommandRun.of("preprocess", "--size", "16", "--model", "x", "--out", out, image).refused()
                .contains("exclusive");
        CommandRun.of("preprocess", "--size", "0", "--out", out, image).refused().contains("size=0");
        CommandRun.of("preprocess", "--size", "big", "--out", out, image).refused().contains("--size");
        CommandRun.of("preprocess", "--size", "16", image).refused().contains("--out");
        CommandRun.of("preprocess", "--size", "16", "--out", out).refused().contains("--images");
        CommandRun.of("preprocess", "--size", "16", "--out", image, image).refused().contains("not a folder");
        CommandRun.of("preprocess", "--size", "16", "--out", image + "/out", image).refused()
                .contains("cannot be created").contains("--out " + image + "/out");
    }
}
