package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvalCommandTest {
    @TempDir
    private static Path folder;
    private static String model;
    private static Path classes;
    private static Path pairs;

    @BeforeAll
    static void makeFiles() throws IOException {
        model = TinyModels.vit(folder);
        classes = Files.createDirectories(folder.resolve("classes"));
        for (String name : List.of("red_thing", "blue_thing")) {
            Path own = Files.createDirectories(classes.resolve(name));
            for (int i = 0; i < 5; i++) {
                TinyModels.image(own, i + ".BMP", name.startsWith("r") ? 200 + i : 0, 0, i * 40);
            }
        }
        Files.writeString(classes.resolve("blue_thing/broken.png"), "no picture");
        pairs = Files.createDirectories(folder.resolve("pairs"));
        for (int i = 0; i < 7; i++) {
            TinyModels.image(pairs, "p" + i + ".bmp", 30 * i, 10, 200 - 20 * i);
            Files.writeString(pairs.resolve("p" + i + ".txt"), "man " + "cat ".repeat(i) + "\r\n");
        }
        TinyModels.image(pairs, "alone.bmp", 1, 2, 3);
    }

    private static CommandRun eval(String... options) {
        return CommandRun.of(TinyModels.concat(List.of("eval", "--model", model, "--threads", "1"), List.of(options)));
    }

    @Test
    void classesAreTheFoldersNamesAndBadPicturesAreLeftOut() {
        CommandRun run = eval("--data", classes.toString(), "--json");
        run.refused().contains("blue_thing/broken.png").contains("not an image");
        Map<String, Object> json = run.json();
        assertThat(json.keySet()).contains("dataset", "model", "task", "metrics", "counts", "settings");
        assertThat(json.get("task")).isEqualTo("classes");
        assertThat(TinyModels.object(json.get("counts"))).containsEntry("used", 10).containsEntry("unusable", 1)
                .containsEntry("classes", 2);
        assertThat(TinyModels.object(json.get("settings")).get("classes"))
                .isEqualTo(List.of("blue thing", "red thing"));
        assertThat(TinyModels.object(json.get("metrics"))).containsKeys("top1", "top5", "meanPerClassRecall",
                "perClass",
                "confusions");
        assertThat(run.out().lines()).hasSize(1);
    }

    @Test
    void peopleGetATable() {
        CommandRun run = eval("--data", classes.toString());
        assertThat(run.exitCode()).isEqualTo(2);
        assertThat(run.out()).contains("top-1").contains("mean per-class recall").contains("2 classes");
    }

    @Test
    void classesAreNamedByAFile() throws IOException {
        Path names = Files.writeString(folder.resolve("names.tsv"), "red_thing\tman\nblue_thing\tcat\nother\thouse\n");
        Map<String, Object> json = eval("--data", classes.toString(), "--json", "--classes", names.toString()).json();
        assertThat(TinyModels.object(json.get("settings")).get("classes")).isEqualTo(List.of("man", "cat", "house"));
        assertThat(TinyModels.object(json.get("counts"))).containsEntry("classes", 3);
        Path few = Files.writeString(folder.resolve("few.tsv"), "red_thing\tman\n");
        eval("--data", classes.toString(), "--classes", few.toString()).refused().contains("class=blue_thing");
    }

    @Test
    void promptsAreMeasuredOneByOneAndTogether() throws IOException {
        Path file = Files.writeString(folder.resolve("templates.txt"), "a {}\n\nthe {}\n");
        Map<String, Object> json = eval("--data", classes.toString(), "--json", "--task", "prompts", "--templates",
                file.toString(), "--template", "{}").json();
        Map<String, Object> metrics = TinyModels.object(json.get("metrics"));
        assertThat(TinyModels.list(metrics.get("templates"))).hasSize(3);
        assertThat(metrics).containsKeys("ensemble", "median", "least", "most", "deviation");
    }

    @Test
    void pairsAreRetrievedWithinGroups() {
        CommandRun run = eval("--data", pairs.toString(), "--json", "--task", "pairs", "--group", "3").succeeded();
        assertThat(run.err()).contains("1 pictures have no caption and are left out: first=alone.bmp");
        Map<String, Object> json = run.json();
        assertThat(TinyModels.object(json.get("counts"))).containsEntry("used", 6).containsEntry("groups", 2)
                .containsEntry("leftOut", 1);
        Map<String, Object> metrics = TinyModels.object(json.get("metrics"));
        assertThat(TinyModels.object(metrics.get("imageToText"))).containsEntry("recall@5", 1.0);
        assertThat(metrics).containsEntry("pickOneOf", 3).containsKey("textToImage");
    }

    @Test
    void drawnSetsAreMeasuredWithoutAnyFile() {
        for (String set : List.of("combinations", "relations", "pairs")) {
            Map<String, Object> json = eval("--data", "drawn:" + set, "--count", "12", "--json").succeeded().json();
            assertThat(json).as(set).containsEntry("seed", 20210226);
            assertThat(TinyModels.object(json.get("counts"))).as(set).containsEntry("used", 12);
            assertThat(TinyModels.object(json.get("metrics")).containsKey("oracle")).isEqualTo(set.equals("pairs"));
        }
    }

    @Test
    void aStateOfAnotherEvaluationIsRefusedAndAFinishedOneIsDeleted() throws IOException {
        Path state = folder.resolve("eval.state");
        eval("--data", "drawn:digits", "--count", "9", "--state", state.toString()).succeeded();
        assertThat(state).doesNotExist();
        Files.write(state, "something else, but long enough".getBytes(StandardCharsets.UTF_8));
        eval("--data", "drawn:digits", "--count", "9", "--state", state.toString()).refused().contains(state.toString())
                .contains("--state");
        assertThat(state).exists();
    }

    @Test
    void refusesWhatItCannotDo() {
        eval("--data", "drawn:cats").refused().contains("drawn:cats").contains("combinations");
        eval("--data", "drawn:pairs", "--task", "classes").refused().contains("expected pairs");
        eval("--data", classes.toString(), "--count", "3").refused().contains("--count");
        CommandRun large = eval("--data", pairs.toString(), "--task", "pairs", "--group", "8");
        assertThat(large.exitCode()).isEqualTo(2);
        assertThat(large.err()).contains("--group 8").contains("expected=1..7");
        eval("--data", classes.toString(), "--template", "no place").refused().contains("no place").contains("{}");
        eval("--data", classes.toString(), "--templates", "none.txt").refused().contains("none.txt");
        eval("--data", folder.resolve("none").toString()).refused().contains("none");
        eval("--data", "drawn:digits", "--count", "0").refused().contains("--count");
        eval().refused().contains("--data");
    }
}
