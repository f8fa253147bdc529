package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.awt.image.BufferedImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import javax.imageio.ImageIO;
import org.clip4j.similarity.Similarity;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code similarity}, {@code classify} and {@code rank} say what follows from the embeddings. */
class ScoreCommandsTest {
    private static final List<String> TEXTS = List.of("the cat", "one man", "in the house");

    @TempDir
    static Path folder;
    private static String model;
    private static List<String> images;
    private static double[][] cosines;

    @BeforeAll
    static void embed() throws Exception {
        model = TinyModels.vit(folder);
        images = List.of(TinyModels.image(folder, "red.bmp", 200, 10, 30),
                TinyModels.image(folder, "blue.bmp", 10, 30, 200));
        float[][] rows = rows("--image", images);
        cosines = Similarity.cosines(rows, rows("--text", TEXTS));
    }

    private static float[][] rows(String option, List<String> items) {
        List<Map<String, Object>> lines = CommandRun
                .of(TinyModels.concat(List.of("embed", "--model", model), each(option, items)))
                .succeeded().jsonLines();
        float[][] rows = new float[lines.size()][];
        for (int i = 0; i < rows.length; i++) {
            double[] numbers = TinyModels.numbers(lines.get(i).get("embedding"));
            rows[i] = new float[numbers.length];
            for (int k = 0; k < numbers.length; k++) {
                rows[i][k] = (float) numbers[k];
            }
        }
        return rows;
    }

    private static List<String> each(String option, List<String> values) {
        List<String> arguments = new ArrayList<>();
        values.forEach(value -> Collections.addAll(arguments, option, value));
        return arguments;
    }

    private static CommandRun run(String command, List<String> first, String... rest) {
        return CommandRun.of(TinyModels.concat(List.of(TinyModels.concat(List.of(command, "--model", model), first)),
                List.of(rest)));
    }

    private static double number(Object value) {
        return ((Number) value).doubleValue();
    }

    @Test
    void similarityIsTheMatrixOfCosines() {
        List<String> inputs = new ArrayList<>(each("--image", images));
        inputs.addAll(each("--text", TEXTS));
        Map<String, Object> result = run("similarity", inputs, "--json").succeeded().json();
        assertThat(result.keySet()).hasToString("[cosine, logits]");
        double scale = number(TinyModels.list(TinyModels.list(result.get("logits")).get(0)).get(0)) / cosines[0][0];
        assertThat(scale).isBetween(90.0, 101.0);
        for (int i = 0; i < images.size(); i++) {
            double[] row = TinyModels.numbers(TinyModels.list(result.get("cosine")).get(i));
            double[] logits = TinyModels.numbers(TinyModels.list(result.get("logits")).get(i));
            for (int j = 0; j < TEXTS.size(); j++) {
                assertThat(row[j]).isCloseTo(cosines[i][j], within(1e-6));
                assertThat(logits[j]).isCloseTo(scale * cosines[i][j], within(1e-4));
            }
        }
        assertThat(run("similarity", inputs).succeeded().lines()).hasSize(3).first().asString().contains("the cat");
    }

    @Test
    void similarityDrawsItsMatrix() throws Exception {
        Path png = folder.resolve("matrix.png");
        List<String> inputs = new ArrayList<>(each("--image", List.of(images.get(0), "none.png")));
        inputs.addAll(each("--text", TEXTS));
        run("similarity", inputs, "--png", png.toString()).refused().contains("none.png");
        BufferedImage picture = ImageIO.read(png.toFile());
        int y = HeatMapChart.top(2) + HeatMapChart.CELL / 3;
        assertThat(picture.getRGB(HeatMapChart.MARGIN + HeatMapChart.CELL / 2, y) & 0xFFFFFF).isEqualTo(0xC80A1E);
        int hot = 0;
        for (int j = 0; j < TEXTS.size(); j++) {
            int corner = picture.getRGB(HeatMapChart.left() + j * HeatMapChart.CELL + 2, y) & 0xFFFFFF;
            hot += corner == HeatScale.rgb(1) ? 1 : 0;
        }
        assertThat(hot).as("largest cells of the first row").isEqualTo(1);
        Files.writeString(png, "mine");
        run("similarity", inputs, "--png", png.toString()).refused().contains("matrix.png");
        assertThat(png).hasContent("mine");
    }

    @Test
    void similarityKeepsThePlaceOfWhatFails() {
        List<String> inputs = new ArrayList<>(each("--image", List.of("none.png", images.get(1))));
        inputs.addAll(each("--text", TEXTS));
        CommandRun run = run("similarity", inputs, "--json");
        run.refused().contains("none.png");
        assertThat(TinyModels.list(TinyModels.list(run.json().get("cosine")).get(0)).get(0)).isNull();
        assertThat(number(TinyModels.list(TinyModels.list(run.json().get("cosine")).get(1)).get(2)))
                .isCloseTo(cosines[1][2], within(1e-6));
        assertThat(TinyModels.object(TinyModels.list(run.json().get("errors")).get(0)).get("source"))
                .isEqualTo("none.png");
        assertThat(run("similarity", inputs).lines().get(1)).contains("-");
    }

    @Test
    void rankOrdersImagesByCosine() {
        boolean redFirst = cosines[0][1] > cosines[1][1];
        CommandRun run = run("rank", images, "--text", TEXTS.get(1), "--json").succeeded();
        assertThat(run.json().get("query")).isEqualTo(TEXTS.get(1));
        List<Object> results = TinyModels.list(run.json().get("results"));
        assertThat(results).extracting(result -> TinyModels.object(result).get("item"))
                .containsExactly(images.get(redFirst ? 0 : 1), images.get(redFirst ? 1 : 0));
        assertThat(number(TinyModels.object(results.get(0)).get("cosine")))
                .isCloseTo(Math.max(cosines[0][1], cosines[1][1]), within(1e-6));
        assertThat(run("rank", images, "--text", "cat").succeeded().lines()).hasSize(3);
    }

    @Test
    void rankOrdersTextsByCosineAndReadsThemFromAFile() throws Exception {
        Path file = Files.write(folder.resolve("captions.txt"), TEXTS);
        Map<String, Object> result = run("rank", List.of(), "--image", images.get(0), "--texts", file.toString(),
                "--json", "--top",
                "2").succeeded().json();
        List<Object> results = TinyModels.list(result.get("results"));
        assertThat(results).hasSize(2);
        double best = number(TinyModels.object(results.get(0)).get("cosine"));
        assertThat(best).isCloseTo(Math.max(cosines[0][0], Math.max(cosines[0][1], cosines[0][2])), within(1e-6));
        assertThat(best).isGreaterThanOrEqualTo(number(TinyModels.object(results.get(1)).get("cosine")));
    }

    @Test
    void rankReportsItemsThatFailAndRefusesABadQuery() {
        CommandRun run = run("rank", List.of(images.get(0), "none.png"), "--text", "cat", "--json");
        run.refused().contains("none.png");
        assertThat(TinyModels.list(run.json().get("results"))).hasSize(1);
        assertThat(TinyModels.list(run.json().get("errors"))).hasSize(1);
        CommandRun bad = run("rank", TEXTS, "--image", "none.png", "--json");
        bad.refused().contains("none.png");
        assertThat(bad.json().keySet()).hasToString("[query, error]");
        assertThat(run("rank", TEXTS, "--image", "none.png").out()).isEmpty();
        run("rank", images, "--text", "a", "--image", images.get(0)).refused().contains("either");
        run("rank", images).refused().contains("either");
        run("rank", List.of(), "--text", "a").refused().contains("--images");
    }

    @Test
    void classifyGivesProbabilitiesBestFirst() {
        CommandRun run = run("classify", images, "--labels", "cat, man,house", "--template", "the {}", "--template",
                "a photo of the {}", "--json").succeeded();
        assertThat(run.jsonLines()).extracting(line -> line.get("image")).isEqualTo(images);
        for (Map<String, Object> line : run.jsonLines()) {
            double sum = 0;
            double last = 1;
            for (Object result : TinyModels.list(line.get("results"))) {
                double probability = number(TinyModels.object(result).get("probability"));
                assertThat(probability).isLessThanOrEqualTo(last);
                sum += probability;
                last = probability;
            }
            assertThat(sum).isCloseTo(1, within(1e-9));
            assertThat(TinyModels.list(line.get("results")))
                    .extracting(result -> TinyModels.object(result).get("label"))
                    .containsExactlyInAnyOrder("cat", "man", "house");
        }
    }

    @Test
    void classifyReadsLabelsFromAFileAndShowsTheBest() throws Exception {
        Path file = Files.writeString(folder.resolve("labels.txt"), "cat\nman\n\nhouse\n");
        CommandRun run = run("classify", List.of(images.get(0), "none.png"), "--labels-file", file.toString(), "--top",
                "1");
        run.refused().contains("none.png");
        assertThat(run.lines()).hasSize(2).first().isEqualTo(images.get(0));
        assertThat(run.lines().get(1)).contains("%");
        CommandRun json = run("classify", List.of("none.png", images.get(0)), "--labels", "a,b", "--json");
        assertThat(json.jsonLines()).extracting(line -> line.containsKey("error")).containsExactly(true, false);
    }

    @Test
    void classifyRefusesWhatItCannotUse() {
        run("classify", images, "--labels", "a", "--template", "no place").refused().contains("no place")
                .contains("{}");
        run("classify", images, "--labels", " , ").refused().contains("no labels");
        run("classify", images, "--labels", "man," + "cat ".repeat(40)).refused().contains("limit=16")
                .contains("label='cat cat").contains("'a photo of a {}.'").contains("--truncate")
                .doesNotContain("encodeTruncated");
        run("classify", images, "--labels", "man," + "cat ".repeat(40), "--truncate").succeeded();
        run("classify", images, "--labels-file", "-", "--images", "-").refused().contains("once");
        run("classify", images, "--labels-file", folder.toString()).refused().contains("--labels-file")
                .contains(folder.toString());
        run("classify", images).refused().contains("--labels");
        run("classify", images, "--labels", "a", "--top", "0").refused().contains("--top");
        run("classify", images, "--labels", "a", "--labels-file", "b").refused().contains("exclusive");
    }
}
