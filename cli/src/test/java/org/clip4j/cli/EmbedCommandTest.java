package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.offset;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Embeddings agree with the goldens, come in the order of the arguments, and survive bad neighbours. */
class EmbedCommandTest {
    private static final double LIMIT = 1e-5; // of the reference goldens, for f32

    @TempDir
    static Path folder;
    private static String model;
    private static String red;
    private static String blue;

    @BeforeAll
    static void makeModel() throws Exception {
        model = TinyModels.vit(folder);
        red = TinyModels.image(folder, "red.bmp", 200, 10, 30);
        blue = TinyModels.image(folder, "blue.bmp", 10, 30, 200);
    }

    private static CommandRun embed(String... options) {
        return CommandRun.of(TinyModels.concat(List.of("embed", "--model", model), List.of(options)));
    }

    @Test
    void agreesWithTheGoldensInJson() throws Exception {
        List<String> options = new ArrayList<>(List.of("--raw", "--truncate", "--pixels", TinyModels.pixels(folder)));
        TinyModels.texts().forEach(text -> options.addAll(List.of("--text", text)));
        List<Map<String, Object>> lines = embed(options.toArray(String[]::new)).succeeded().jsonLines();
        assertThat(lines).hasSize(2 + TinyModels.texts().size());
        double[] images = Goldens.tiny().doubles("vit/image.f64");
        double[] texts = Goldens.tiny().doubles("vit/text.f64");
        for (int i = 0; i < lines.size(); i++) {
            boolean image = i < 2;
            assertThat(lines.get(i).get("kind")).isEqualTo(image ? "pixels" : "text");
            double[] row = TinyModels.numbers(lines.get(i).get("embedding"));
            double error = TinyModels.relativeError(row, image ? images : texts,
                    (image ? i : i - 2) * TinyModels.EMBED_DIM);
            assertThat(error).as("row %d", i).isLessThan(LIMIT);
        }
        assertThat(lines.get(4).get("source")).isEqualTo("");
    }

    @Test
    void saysThatAProcessorResizesOnTheHost() throws Exception {
        CommandRun run = embed("--resize-on-device", "--image", red);
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.err()).contains("leaves resizing to the host").contains("--device cuda");
    }

    @Test
    void writesTheSameNumbersAsJsonAndAsNumPy() throws Exception {
        Path npy = folder.resolve("out.npy");
        String[] inputs = {"--text", "the cat", "--image", red, "--pixels", TinyModels.pixels(folder)};
        List<Map<String, Object>> lines = embed(inputs).succeeded().jsonLines();
        assertThat(lines).extracting(line -> line.get("kind")).containsExactly("image", "pixels", "pixels",
                "text");
        CommandRun run = embed(TinyModels.concat(List.of(inputs), List.of("--npy", npy.toString()))).succeeded();
        assertThat(run.out()).isEmpty();
        assertThat(Files.readString(npy, StandardCharsets.ISO_8859_1)).startsWith("\u0093NUMPY\u0001\u0000")
                .contains("{'descr': '<f4', 'fortran_order': False, 'shape': (4, 32), }");
        assertThat(Files.size(npy)).isEqualTo(128 + 4 * 4 * TinyModels.EMBED_DIM);
        for (int i = 0; i < lines.size(); i++) {
            double[] printed = TinyModels.numbers(lines.get(i).get("embedding"));
            float[] written = TinyModels.row(npy, i, TinyModels.EMBED_DIM);
            for (int k = 0; k < written.length; k++) {
                assertThat((float) printed[k]).isEqualTo(written[k]);
            }
        }
    }

    @Test
    void leavesNothingBehindOnAFullDisk() throws Exception {
        Path own = Files.createDirectory(folder.resolve("full"));
        Path npy = Files.writeString(own.resolve("out.npy"), "precious");
        // 128 bytes for each.
        Path texts = Files.writeString(folder.resolve("many.txt"), "the cat\n".repeat(1_000));
        embed("--text", "the cat").succeeded(); // unpacks native libraries, too
        SmallDisk.assertRefused(SmallDisk.run("embed", "--model", model, "--texts", texts.toString(), "--npy",
                npy.toString()), own);
        assertThat(npy).as("the file of before").hasContent("precious");
        assertThat(own).isDirectoryNotContaining(file -> !file.endsWith("out.npy"));
    }

    @Test
    void normalisesUnlessToldOtherwise() {
        double[] unit = TinyModels.numbers(embed("--image", red).jsonLines().get(0).get("embedding"));
        double[] raw = TinyModels.numbers(embed("--image", red, "--raw").jsonLines().get(0).get("embedding"));
        double norm = 0;
        double dot = 0;
        for (int i = 0; i < unit.length; i++) {
            norm += unit[i] * unit[i];
            dot += unit[i] * raw[i];
        }
        assertThat(norm).isCloseTo(1, offset(1e-6));
        assertThat(dot).isNotCloseTo(1, offset(1e-3));
    }

    @Test
    void streamsPathsAndTexts() throws Exception {
        Path texts = Files.writeString(folder.resolve("texts.txt"), "\ufeffthe cat\r\n\ncaf\u00e9\n");
        CommandRun run = CommandRun.withInput(red + "\n" + blue + "\n\n", "embed", "--model", model, "--images", "-",
                "--texts", texts.toString()).succeeded();
        assertThat(run.jsonLines()).extracting(line -> line.get("source")).containsExactly(red, blue,
                "the cat", "", "caf\u00e9");
    }

    @Test
    void readsStandardInputOnce() {
        embed("--images", "-", "--texts", "-").refused().contains("once");
    }

    @Test
    void keepsTheRowOfALineThatIsNoPath() throws Exception {
        byte[] lines = (red + "\n\u00ff\u00fe\nnull\u0000byte.png\n" + blue + "\n")
                .getBytes(StandardCharsets.ISO_8859_1);
        Path npy = folder.resolve("rows.npy");
        CommandRun run = CommandRun.withInput(lines, "embed", "--model", model, "--images", "-");
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.jsonLines()).extracting(line -> line.containsKey("error")).containsExactly(false, true, true,
                false);
        assertThat(run.err()).contains("not UTF-8").contains("line=2").contains("not a path");
        CommandRun.withInput(lines, "embed", "--model", model, "--images", "-", "--npy", npy.toString());
        assertThat(TinyModels.row(npy, 1, TinyModels.EMBED_DIM)).containsOnly(Float.NaN);
        assertThat(TinyModels.row(npy, 3, TinyModels.EMBED_DIM)).doesNotContain(Float.NaN);
    }

    @Test
    void answersBeforeItWaitsForTheNextLine() {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        List<Integer> answersSeen = new ArrayList<>();
        InputStream partner = new InputStream() {
            @Override
            public int read() {
                throw new UnsupportedOperationException("lines are read as blocks");
            }

            @Override
            public int read(byte[] bytes, int offset, int length) {
                int answers = (int) out.toString(StandardCharsets.UTF_8).lines().count();
                answersSeen.add(answers);
                if (answers == 3) {
                    return -1;
                }
                byte[] question = ("text " + answers + "\n").getBytes(StandardCharsets.UTF_8);
                System.arraycopy(question, 0, bytes, offset, question.length);
                return question.length;
            }
        };
        int exitCode = ClipCommand.run(new String[]{"embed", "--model", model, "--texts", "-"}, partner, out,
                OutputStream.nullOutputStream());
        assertThat(exitCode).isZero();
        assertThat(answersSeen).containsExactly(0, 1, 2, 3);
    }

    @Test
    void refusesFoldersWhereLinesAreExpected() {
        embed("--images", folder.toString()).refused().contains("--images " + folder).contains("folder");
        embed("--texts", folder.toString()).refused().contains("--texts " + folder).contains("folder");
    }

    @Test
    void refusesAPrecisionThatTheBackendDoesNotOffer() {
        embed("--text", "cat", "--backend", "java", "--precision", "bf16").refused().contains("--precision bf16")
                .contains("java offers f32").contains("choose f32");
    }

    @Test
    void batchesDoNotChangeResults() {
        List<String> options = new ArrayList<>();
        for (int i = 0; i < 21; i++) {
            options.addAll(List.of("--image", i % 2 == 0 ? red : blue));
        }
        List<Map<String, Object>> lines = embed(options.toArray(String[]::new)).succeeded().jsonLines();
        assertThat(lines).hasSize(21);
        double[] alone = TinyModels.numbers(embed("--image", blue).jsonLines().get(0).get("embedding"));
        double error = TinyModels.relativeError(TinyModels.numbers(lines.get(19).get("embedding")), alone, 0);
        assertThat(error).isLessThan(LIMIT);
    }

    @Test
    void oneBadImageDoesNotStopTheOthers() throws Exception {
        String broken = Files.writeString(folder.resolve("broken.png"), "no image").toString();
        Path npy = folder.resolve("partial.npy");
        CommandRun run = embed("--image", red, "--image", broken, "--image", blue);
        run.refused().contains(broken).contains("not an image");
        assertThat(run.jsonLines()).extracting(line -> line.containsKey("error")).containsExactly(false, true,
                false);
        embed("--image", red, "--image", broken, "--image", blue, "--npy", npy.toString()).refused();
        assertThat(TinyModels.row(npy, 1, TinyModels.EMBED_DIM)).containsOnly(Float.NaN);
        assertThat(TinyModels.row(npy, 2, TinyModels.EMBED_DIM)).doesNotContain(Float.NaN);
    }

    @Test
    void writesNoFileWhenNothingIsGood() throws Exception {
        Path npy = folder.resolve("none.npy");
        embed("--image", folder.resolve("missing.png").toString(), "--npy", npy.toString()).refused()
                .contains("missing.png");
        assertThat(npy).doesNotExist();
        assertThat(folder).isDirectoryNotContaining("glob:**.part");
    }

    @Test
    void namesTheWeightThatMakesAnEmbeddingNaN() throws Exception {
        byte[] bytes = Files.readAllBytes(Path.of(model));
        ByteBuffer file = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int header = (int) file.getLong(0);
        Map<String, Object> entries = TinyModels.object(
                Json.parse(new String(bytes, Long.BYTES, header, StandardCharsets.UTF_8)));
        double[] offsets = TinyModels.numbers(TinyModels.object(entries.get("visual.ln_post.bias"))
                .get("data_offsets"));
        file.putFloat(Long.BYTES + header + (int) offsets[0] + 3 * Float.BYTES, Float.NaN);
        String spoilt = Files.write(folder.resolve("spoilt.safetensors"), bytes).toString();
        CommandRun.of("embed", "--model", spoilt, "--image", red).refused()
                .contains("name=visual.ln_post.bias index=3 value=NaN").contains("spoilt.safetensors")
                .contains("convert");
        // The text tower does not read that weight.
        CommandRun.of("embed", "--model", spoilt, "--text", "cat").succeeded();
    }

    @Test
    void refusesTextsThatAreTooLongAndSaysHowLong() {
        String text = "cat ".repeat(30);
        embed("--text", text).refused().contains("tokens=62").contains("limit=16").contains("--truncate")
                .doesNotContain("encodeTruncated");
        embed("--text", text, "--truncate").succeeded();
    }

    @Test
    void refusesLoneSurrogatesWithoutFtfy() {
        embed("--text", "a \ud83d b", "--no-ftfy").refused().contains("lone surrogate").contains("U+D83D");
        embed("--text", "a \ud83d b").succeeded();
    }

    @Test
    void aModelWithoutVocabularyTakesImagesOnly() {
        String mute = TinyModels.vitWithoutVocabulary(folder);
        CommandRun.of("embed", "--model", mute, "--image", red).succeeded();
        CommandRun.of("embed", "--model", mute, "--text", "cat").refused().contains("no vocabulary")
                .contains("--vocab");
    }

    @Test
    void refusesModelsThatAreNotConverted() {
        String checkpoint = Goldens.copy("tiny/openai_jit_vit.pt", folder).toString();
        CommandRun.of("embed", "--model", checkpoint, "--text", "cat").refused().contains("clip convert");
        Goldens.copy("tiny/openclip_custom_text.safetensors", folder);
        String safetensors = folder.resolve("openclip_custom_text.safetensors").toString();
        CommandRun.of("embed", "--model", safetensors, "--text", "cat").refused().contains("clip convert");
        CommandRun.of("embed", "--model", folder.toString(), "--text", "cat").refused().contains("clip convert");
        CommandRun.of("embed", "--model", "nowhere.safetensors", "--text", "cat").refused().contains("does not exist");
    }

    @Test
    void takesGlobalOptionsBeforeAndAfterTheCommand() {
        String[] after = {"embed", "--model", model, "--text", "cat", "--threads", "1", "--backend", "java"};
        String[] before = {"--threads", "1", "--backend=java", "embed", "--model", model, "--text", "cat"};
        assertThat(CommandRun.of(before).succeeded().out()).isEqualTo(CommandRun.of(after).succeeded().out());
        CommandRun.of("--backend", "abacus", "embed", "--model", model, "--text", "cat").refused().contains("abacus")
                .contains("java").contains("auto");
        CommandRun.of("embed", "--model", model, "--text", "cat", "--device", "toaster").refused().contains("toaster");
        CommandRun.of("--threads", "0", "embed", "--model", model, "--text", "cat").refused().contains("--threads");
        CommandRun.of("embed", "--precision", "f99", "--model", model, "--text", "a").refused().contains("bf16");
    }

    @Test
    void doesNotExpandArguments() {
        assertThat(embed("--text", "@cat").succeeded().jsonLines().get(0).get("source")).isEqualTo("@cat");
    }
}
