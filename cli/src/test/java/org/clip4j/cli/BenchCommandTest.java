package org.clip4j.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.LoadOptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BenchCommandTest {
    /** Three calls. */
    private static final String SHORTEST = "0.000001";

    @TempDir
    private static Path folder;
    private static String model;

    @BeforeAll
    static void makeModel() {
        model = TinyModels.vitWithoutVocabulary(folder);
    }

    private static CommandRun bench(String... options) {
        return CommandRun.of(TinyModels.concat(List.of("bench", "--model", model, "--threads", "1"), List.of(options)));
    }

    @Test
    void peopleGetARowForEachInputBatchAndPrecision() {
        CommandRun run = bench("--precisions", "bf16,f32", "--batches", "1,3", "--seconds", SHORTEST).succeeded();
        assertThat(run.err()).isEmpty();
        List<String> lines = run.lines();
        assertThat(lines.get(0)).startsWith("precision").contains("p50 ms", "p99.9 ms", "items/s", "heap B/call",
                "resident MB", "cosine to f32");
        assertThat(lines.subList(1, 13)).extracting(line -> line.replaceAll("^(\\S+ +\\S+ +\\S+ +\\S+) .*", "$1")
                .replaceAll(" +", " ")).containsExactly("bf16 1 image 1", "bf16 1 image 3", "bf16 1 text16 1",
                        "bf16 1 text16 3", "bf16 1 text8 1", "bf16 1 text8 3", "f32 1 image 1", "f32 1 image 3",
                        "f32 1 text16 1", "f32 1 text16 3", "f32 1 text8 1", "f32 1 text8 3");
        assertThat(lines.get(13)).isEqualTo("model: " + model);
        assertThat(lines.get(14)).contains("precision bf16, threads 1");
        assertThat(lines.get(15)).contains("precision f32, threads 1");
        assertThat(lines.get(16)).startsWith("machine: " + Processor.name()).contains(Processor.describe(),
                "processors granted", System.getProperty("java.vm.version"));
        assertThat(lines).hasSize(17);
    }

    @Test
    void jsonHasTheSameRows() {
        Map<String, Object> json = bench("--precisions", "f32,bf16", "--batches", "2", "--thread-counts", "1,2",
                "--seconds", "0.02", "--json").succeeded().json();
        assertThat(json).containsKeys("machine", "backends").containsEntry("model", model)
                .containsEntry("seconds", 0.02);
        List<Object> rows = TinyModels.list(json.get("rows"));
        assertThat(rows).hasSize(12);
        for (Object each : rows) {
            Map<String, Object> row = TinyModels.object(each);
            double p50 = number(row, "p50_ms");
            assertThat(p50).as("%s", row).isPositive();
            // Half of the calls take p50 at least.
            assertThat(number(row, "items_per_second")).as("%s", row).isPositive().isLessThan(2 * 2 * 1e3 / p50);
            assertThat(number(row, "calls")).as("%s", row).isGreaterThanOrEqualTo(3);
            assertThat(number(row, "heap_bytes_per_call")).as("%s", row).isNotNegative();
            if (row.get("precision").equals("f32")) {
                assertThat(row).doesNotContainKey("cosine_to_f32");
            } else {
                // A relative error of 25 roundings of 8 bits, which is what 24 layers add up to; here are 2.
                double error = 25.0 / (1 << 8);
                assertThat(number(row, "cosine_to_f32")).as("%s", row).isBetween(1 - error * error / 2, 1 + 1e-6);
            }
        }
        assertThat(rows).extracting(row -> TinyModels.object(row).get("threads")).containsOnly(1, 2);
    }

    private static double number(Map<String, Object> row, String name) {
        return ((Number) row.get(name)).doubleValue();
    }

    @Test
    void measuresWhatIsOfferedWhenNothingIsAskedFor() {
        Map<String, Object> backends = CommandRun.of("backends", "--json").succeeded().json();
        Object offered = TinyModels.list(backends.get("backends")).stream().map(TinyModels::object)
                .filter(backend -> backend.get("device").equals("cpu"))
                .flatMap(backend -> TinyModels.list(backend.get("precisions")).stream()).distinct().toList();
        Map<String, Object> all = bench("--seconds", SHORTEST, "--json").succeeded().json();
        assertThat(TinyModels.list(all.get("rows"))).extracting(row -> TinyModels.object(row).get("precision"))
                .containsOnly(TinyModels.list(offered).toArray());
        assertThat(TinyModels.list(all.get("rows"))).extracting(row -> TinyModels.object(row).get("batch"))
                .containsOnly(1, 16);
        Map<String, Object> one = bench("--backend", "java", "--seconds", SHORTEST, "--json").succeeded().json();
        assertThat(TinyModels.list(one.get("rows"))).hasSize(6).allSatisfy(
                row -> assertThat(TinyModels.object(row)).containsEntry("precision", "f32").containsEntry("backend",
                        "java"));
    }

    @Test
    void rarePercentilesNeedManyCalls() {
        Map<String, Object> row = TinyModels.object(TinyModels.list(
                bench("--backend", "java", "--batches", "1", "--seconds", SHORTEST, "--json").succeeded().json()
                        .get("rows"))
                .get(0));
        assertThat(row).containsEntry("calls", 3).containsKey("p50_ms").doesNotContainKeys("p99_ms", "p999_ms");
    }

    @Test
    void measuresTheEmbeddedModelWhenNoneIsNamed() {
        CommandRun run = CommandRun.of("bench", "--precision", "f32", "--batches", "1", "--seconds", SHORTEST)
                .succeeded();
        assertThat(run.err()).contains("using the embedded model").contains("--model or --synth").hasLineCount(1);
        assertThat(run.out()).contains("model: embedded:");
    }

    @Test
    void refusesWhatItCannotMeasure() {
        bench("--precisions", "f32,f64").refused().contains("f32, tf32, bf16, f16, int8").contains("'f64'");
        bench("--precisions", "").refused().contains("--precisions");
        bench("--backend", "java", "--precisions", "int8").refused().contains("--precisions int8")
                .contains("java offers f32");
        bench("--backend", "java", "--precision", "int8").refused().contains("--precision int8");
        bench("--batches", "0").refused().contains("from 1 to 4096").contains("'0'");
        bench("--batches", "1,,2").refused().contains("''");
        bench("--batches", "4097").refused().contains("'4097'");
        bench("--thread-counts", "1,0").refused().contains("from 1 to 1024").contains("'0'");
        bench("--seconds", "0").refused().contains("above 0").contains("'0'");
        bench("--seconds", "NaN").refused().contains("'NaN'");
        bench("--seconds", "soon").refused().contains("'soon'");
        bench("--synth", "ViT-B/32").refused().contains("choose one of the two");
        CommandRun.of("bench", "--synth", "ViT-B/31").refused().contains("ViT-B/31").contains("ViT-B/32");
        CommandRun.of("bench", "--model", folder.resolve("none.safetensors").toString()).refused().contains("none");
    }

    /** Else a batch would be computed as one item, or compared with other ones. */
    @Test
    void itemsDifferAndDoNotDependOnTheBatch() throws IOException {
        try (ClipModel loaded = ClipModel.load(Path.of(model), LoadOptions.defaults().withThreads(1))) {
            for (BenchInput input : BenchInput.all(loaded.config())) {
                float[] one = embed(loaded, input, 1);
                float[] many = embed(loaded, input, 5);
                for (int i = 0; i < 5; i++) {
                    for (int j = 0; j < i; j++) {
                        // cos below 1 - 1e-5: an angle of 0.26 degrees, a thousand times what f32 rounds to.
                        assertThat(cosine(many, i, many, j)).as("%s %d %d", input.name(), i, j).isLessThan(1 - 1e-5);
                    }
                }
                assertThat(cosine(one, 0, many, 0)).as(input.name()).isCloseTo(1, within(1e-6));
            }
        }
    }

    private static float[] embed(ClipModel loaded, BenchInput input, int batch) {
        float[] out = new float[batch * loaded.embedDim()];
        try (ClipSession session = loaded.newSession(input.sessionOptions(batch))) {
            input.call(session, batch, FloatBuffer.wrap(out)).run();
        }
        return out;
    }

    private static double cosine(float[] a, int i, float[] b, int j) {
        double sum = 0;
        for (int e = 0; e < TinyModels.EMBED_DIM; e++) {
            sum += (double) a[i * TinyModels.EMBED_DIM + e] * b[j * TinyModels.EMBED_DIM + e];
        }
        return sum;
    }
}
