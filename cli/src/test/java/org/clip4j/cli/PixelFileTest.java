package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code --pixels} takes sound files of every npy version and refuses all others, before anything is written. */
class PixelFileTest {
    private static final String SHAPE = "(1, 3, 32, 32)";
    private static final int VALUES = 3 * 32 * 32;

    @TempDir
    static Path models;
    private static String model;

    @TempDir
    Path folder;
    private Path out;

    @BeforeAll
    static void makeModel() {
        model = TinyModels.vit(models);
    }

    @BeforeEach
    void chooseOutput() {
        out = folder.resolve("out.npy");
    }

    private CommandRun embed(Path pixels) {
        return CommandRun.of("embed", "--model", model, "--pixels", pixels.toString(), "--npy", out.toString());
    }

    private Path npy(int version, String header, int valueBytes) throws Exception {
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        byte[] text = header.getBytes(StandardCharsets.UTF_8);
        ByteBuffer length = ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(text.length);
        file.writeBytes(new byte[]{(byte) 0x93, 'N', 'U', 'M', 'P', 'Y', (byte) version, 0});
        file.write(length.array(), 0, version == 1 ? 2 : 4);
        file.writeBytes(text);
        file.writeBytes(new byte[valueBytes]);
        return Files.write(folder.resolve("x.npy"), file.toByteArray());
    }

    private static String header(String descr, String order, String shape) {
        return "{'descr': " + descr + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }\n";
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void takesEveryVersion(int version) throws Exception {
        embed(npy(version, header("'<f4'", "False", SHAPE), 4 * VALUES)).succeeded();
        assertThat(Files.size(out)).isEqualTo(128 + 4 * TinyModels.EMBED_DIM);
    }

    @Test
    void takesHeadersInOtherOrderAndSpacing() throws Exception {
        embed(npy(1, "{\"shape\":(1,3 ,32,32),'fortran_order':False,'descr':'<f4'}   \n", 4 * VALUES)).succeeded();
    }

    @Test
    void takesNoImagesAtAll() throws Exception {
        embed(npy(1, header("'<f4'", "False", "(0, 3, 32, 32)"), 0)).succeeded();
        assertThat(Files.readString(out, StandardCharsets.ISO_8859_1)).contains("(0, 32)");
    }

    @ParameterizedTest
    @CsvSource(delimiter = ';', quoteCharacter = '`', value = {"'<f8'; False; (1, 3, 32, 32); actual=<f8",
            "'>f4'; False; (1, 3, 32, 32); actual=>f4", "'|u1'; False; (1, 3, 32, 32); actual=|u1",
            "'<f4'; True; (1, 3, 32, 32); Fortran", "'<f4'; False; (3, 32, 32); actual=[3, 32, 32]",
            "'<f4'; False; (1, 3, 16, 16); expected=[B, 3, 32, 32]",
            "'<f4'; False; (999999999999, 3, 32, 32); wrong shape", "'<f4'; False; (-1, 3, 32, 32); cannot be read",
            "[('x', '<f4')]; False; (1, 3, 32, 32); cannot be read", "'<f4'; 0; (1, 3, 32, 32); cannot be read",
            "'<f4'; False; __import__('os'); cannot be read", "'<f4'; False; (1, 3, 32, 32), 'x': 'y'; cannot be read",
            "'<f4'; False; (1, 3, 32, 32), 'descr': '<f4'; cannot be read"})
    void refusesOtherArrays(String descr, String order, String shape, String message) throws Exception {
        embed(npy(1, header(descr, order, shape), 4 * VALUES)).refused().contains("x.npy").contains(message);
        assertThat(out).doesNotExist();
    }

    @Test
    void refusesFilesOfAnotherLengthThanTheirHeaderSays() throws Exception {
        embed(npy(1, header("'<f4'", "False", SHAPE), 4 * VALUES - 1)).refused().contains("expectedBytes=");
        embed(npy(1, header("'<f4'", "False", SHAPE), 4 * VALUES + 1)).refused().contains("actualBytes=");
        embed(npy(1, header("'<f4'", "False", "(2147483647, 3, 32, 32)"), 0)).refused().contains("expectedBytes=");
    }

    @Test
    void refusesFilesThatAreNoNpy() throws Exception {
        embed(Files.writeString(folder.resolve("x.npy"), "PK")).refused().contains("ends inside its header");
        embed(Files.writeString(folder.resolve("x.npy"), "PK".repeat(50))).refused().contains("not an npy file");
        embed(npy(4, header("'<f4'", "False", SHAPE), 4 * VALUES)).refused().contains("actual=4.0");
        embed(npy(2, "{" + " ".repeat(20_000) + "}", 0)).refused().contains("too long");
        embed(folder).refused().contains("folder");
        embed(folder.resolve("none.npy")).refused().contains("does not exist");
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void refusesValuesThatAreNotFinite(float value) throws Exception {
        float[] values = Goldens.tiny().floats("vit/input").clone();
        values[VALUES + 17] = value;
        Path file = Path.of(TinyModels.pixels(folder, "bad.npy", values));
        embed(file).refused().contains("image=1 index=17 value=" + value);
        assertThat(folder).isDirectoryNotContaining("glob:**out.npy*");
        CommandRun.of("embed", "--model", model, "--pixels", file.toString(), "--text", "cat").refused();
    }
}
