package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Numbers of a tiny model, from the goldens and from arithmetic that is done here, stand for published ones: OpenAI's
 * weights are not at hand in a test.
 */
class VerifyCommandTest {
    private static final int RED = 200;
    private static final int GREEN = 10;
    private static final int BLUE = 30;
    /** openai/CLIP clip/clip.py: _transform. */
    private static final double[] MEAN = {0.48145466, 0.4578275, 0.40821073};
    private static final double[] STD = {0.26862954, 0.26130258, 0.27577711};

    @TempDir
    static Path folder;
    private static String model;
    private static String image;
    private static double[] logits;

    @BeforeAll
    static void makeModel() throws Exception {
        model = TinyModels.vit(folder);
        image = TinyModels.image(folder, "red.bmp", RED, GREEN, BLUE);
        float[] pixels = new float[3 * TinyModels.SIZE * TinyModels.SIZE];
        for (int channel = 0; channel < 3; channel++) {
            double value = new int[]{RED, GREEN, BLUE}[channel] / 255.0;
            Arrays.fill(pixels, channel * pixels.length / 3, (channel + 1) * pixels.length / 3,
                    (float) ((value - MEAN[channel]) / STD[channel]));
        }
        double[] embedding = TinyModels.numbers(CommandRun
                .of("embed", "--model", model, "--pixels", TinyModels.pixels(folder, "red.npy", pixels)).succeeded()
                .jsonLines().get(0).get("embedding"));
        Goldens goldens = Goldens.tiny();
        double[] texts = goldens.doubles("vit/text_normalized.f64");
        double[] images = goldens.doubles("vit/image_normalized.f64");
        double scale = goldens.doubles("vit/logits_per_image.f64")[0] / dot(images, texts, 0);
        logits = new double[]{scale * dot(embedding, texts, 0), scale * dot(embedding, texts, 1)};
    }

    private static double dot(double[] a, double[] rows, int row) {
        return IntStream.range(0, TinyModels.EMBED_DIM).mapToDouble(i -> a[i] * rows[row * TinyModels.EMBED_DIM + i])
                .sum();
    }

    private static List<Double> softmax(double[] logits) {
        double sum = Arrays.stream(logits).map(Math::exp).sum();
        return Arrays.stream(logits).map(value -> Math.exp(value) / sum).boxed().toList();
    }

    /** One check of each kind, all true. */
    private static List<Map<String, Object>> checks() {
        String text = TinyModels.texts().get(0);
        List<String> texts = TinyModels.texts().subList(0, 2);
        double[] row = Arrays.copyOf(Goldens.tiny().doubles("vit/text.f64"), TinyModels.EMBED_DIM);
        int[] tokens = Arrays.stream(Goldens.tiny().ints("vit/tokens")).limit(TinyModels.CONTEXT_LENGTH)
                .filter(id -> id != 0).toArray();
        String sha256 = CommandRun.of("info", model, "--json").json().get("source").toString()
                .replaceAll(".*sha256=([0-9a-f]{64}).*", "$1");
        List<Map<String, Object>> checks = new ArrayList<>();
        checks.add(Json.object("kind", "sha256", "file", "state_dict_vit_f32.pt", "expected", sha256));
        checks.add(Json.object("kind", "tokens", "text", text, "expected", tokens));
        checks.add(Json.object("kind", "embedding_sum", "text", text, "expected",
                List.of(Arrays.stream(row).sum())));
        checks.add(Json.object("kind", "embedding_start", "text", text, "expected", Arrays.copyOf(row, 5)));
        checks.add(Json.object("kind", "logits", "image", "red.bmp", "texts", texts, "expected", logits));
        checks.add(Json.object("kind", "probabilities", "image", "red.bmp", "texts", texts, "expected",
                softmax(logits)));
        return checks;
    }

    private static CommandRun verify(List<Map<String, Object>> checks, String... options) throws Exception {
        Path numbers = Files.createTempFile(folder, "numbers", ".json");
        Files.writeString(numbers, Json.line(Json.object("checks", checks)));
        return CommandRun.of(TinyModels.concat(List.of("verify", model, "--numbers", numbers.toString()),
                List.of(options)));
    }

    @Test
    void trueNumbersHold() throws Exception {
        CommandRun run = verify(checks(), "--image", image).succeeded();
        assertThat(run.lines()).hasSize(6).allMatch(line -> line.startsWith("held"));
        assertThat(run.err()).contains("held=6 failed=0 not checked=0");
        Map<String, Object> json = verify(checks(), "--image", image, "--json").succeeded().json();
        assertThat(json).containsEntry("held", 6).containsEntry("failed", 0);
        assertThat(TinyModels.list(json.get("checks"))).extracting(check -> TinyModels.object(check).get("status"))
                .containsOnly("held");
    }

    @Test
    void everyFalseNumberFailsOnItsOwn() throws Exception {
        for (int i = 0; i < 6; i++) {
            List<Map<String, Object>> checks = checks();
            Object expected = checks.get(i).get("expected");
            checks.get(i).put("expected",
                    expected instanceof String hash ? hash.replaceFirst("^.", "x") : wrong(expected));
            CommandRun run = verify(checks, "--image", image);
            assertThat(run.exitCode()).as("check %d: %s", i, run.err()).isEqualTo(1);
            assertThat(run.lines()).filteredOn(line -> line.startsWith("failed")).hasSize(1);
            assertThat(run.lines().get(i)).startsWith("failed").contains("expected=");
            assertThat(run.err()).contains("held=5 failed=1");
            CommandRun json = verify(checks, "--image", image, "--json");
            assertThat(json.exitCode()).isEqualTo(1);
            assertThat(json.json()).containsEntry("failed", 1);
        }
    }

    /** The last number, by a little more than is allowed anywhere. */
    private static double[] wrong(Object numbers) {
        double[] values = TinyModels.numbers(Json.parse(Json.line(numbers)));
        values[values.length - 1] += 0.0025;
        return values;
    }

    @Test
    void saysWhatIsMissingForACheck() throws Exception {
        CommandRun run = verify(checks()).succeeded();
        assertThat(run.lines().get(4)).startsWith("not checked").contains("needs --image red.bmp");
        assertThat(run.err()).contains("held=4 failed=0 not checked=2");
        List<Map<String, Object>> checks = checks();
        checks.get(0).put("file", "other.pt");
        checks.get(0).put("expected", "00");
        checks.get(1).put("architecture", "RN50");
        Map<String, Object> json = verify(checks, "--json").succeeded().json();
        assertThat(json).containsEntry("held", 2).containsEntry("not_checked", 4);
        assertThat(Json.line(json)).contains("not converted from other.pt but from state_dict_vit_f32.pt")
                .contains("of RN50, the model is of no published architecture");
    }

    @Test
    void numbersWithoutTextsNeedAVocabulary() {
        CommandRun run = CommandRun.of("verify", TinyModels.vitWithoutVocabulary(folder)).succeeded();
        assertThat(run.out()).contains("the model has no vocabulary").contains("of ViT-B/32");
        assertThat(run.err()).contains("held=0");
    }

    @Test
    void comparesWithThePublishedNumbersByDefault() {
        // Another model than OpenAI's has other tokens, and is not of the architecture that the rest is about.
        CommandRun run = CommandRun.of("verify", model);
        assertThat(run.exitCode()).isEqualTo(1);
        assertThat(run.lines()).hasSize(6);
        assertThat(run.lines().get(0)).startsWith("failed").contains("49406 3306 1002 256 49407");
        assertThat(run.err()).contains("not checked=5");
    }

    @Test
    void refusesWhatItCannotUse() throws Exception {
        CommandRun.of("verify", model, "--image", image).refused().contains("red.bmp").contains("CLIP.png");
        CommandRun.of("verify", model, "--image", folder.resolve("CLIP.png").toString()).refused()
                .contains("does not exist");
        CommandRun.of("verify", folder.resolve("none").toString()).refused().contains("model file does not exist");
        verify(List.of(Json.object("kind", "magic"))).refused().contains("kind").contains("embedding_sum");
        verify(List.of(Json.object("kind", "logits", "texts", List.of("a"), "expected", List.of(1)))).refused()
                .contains("image");
        verify(List.of(Json.object("kind", "tokens", "text", "a", "expected", List.of()))).refused()
                .contains("expected");
        verify(List.of(Json.object("kind", "tokens", "text", "a", "expected", List.of(1), "extra", 1))).refused()
                .contains("extra");
    }
}
