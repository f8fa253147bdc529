package org.clip4j.benchmarks.gpu;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.kernels.Precision;
import org.junit.jupiter.api.Test;

class SideBySideTableTest {
    private static final Circumstances CIRCUMSTANCES = new Circumstances("A CPU", 2, "17.0.1", "none", "abc1234",
            "benchmarks/run gpu-vs-cpu");
    private static final Column CPU = new Column("cpu", "f32", "openblas",
            List.of(row(1, 100, Double.NaN), row(2, 110, Double.NaN), Row.missing(4, "slow")));
    /** Slower for one item, faster from two on. */
    private static final Column CARD = new Column("cuda", "f16", "cuda",
            List.of(row(1, 200, Double.NaN), row(2, 100, 300), row(4, 100, 400)));
    private static final Column BROKEN = new Column("cuda", "f32", "failed: no memory", List.of());
    private static final List<Device> DEVICES = List.of(new Device("cpu", List.of(Precision.F32), "openblas: 0.3"),
            new Device("cuda", List.of(Precision.F16), "cuda: a card"),
            new Device("cuda:1", List.of(), "cuda: there is one card only"));
    private static final List<Section> SECTIONS = List
            .of(new Section("ViT-B/32", "image", List.of(CPU, CARD, BROKEN)));

    private static Row row(int batch, long millis, double watts) {
        long[] nanos = new long[200];
        Arrays.fill(nanos, millis * 1_000_000);
        nanos[7] *= 50; // beyond the 99th percentile
        return Row.of(batch, nanos, new long[200], watts, 1e-7);
    }

    @Test
    void findsTheBatchFromWhichOnACardIsFaster() {
        assertThat(CARD.crossover(List.of(CPU))).hasValue(2);
        assertThat(CPU.crossover(List.of(CARD))).isEmpty();
        // What was not measured is taken as no faster than the batch before.
        assertThat(CPU.itemsPerSecond(4)).isEqualTo(CPU.itemsPerSecond(2));
        // Faster, slower, faster: from the last change on.
        Column uneven = new Column("cuda", "f32", "", List.of(row(1, 10, 0), row(2, 1000, 0), row(4, 10, 0)));
        assertThat(uneven.crossover(List.of(CPU))).hasValue(4);
    }

    @Test
    void printsDevicesSideBySide() {
        List<String> lines = SideBySideTable.text(CIRCUMSTANCES, DEVICES, SECTIONS).lines().toList();
        assertThat(lines).contains("cuda:1   not used: cuda: there is one card only", "cuda     cuda: a card");
        assertThat(lines).anyMatch(line -> line.matches("ViT-B/32 image +cpu f32 +cuda f16 +cuda f32"));
        assertThat(lines).anyMatch(line -> line.matches("p50 ms, batch 1 +100 +200 +-"));
        assertThat(lines).anyMatch(line -> line.matches("p99 ms, batch 1 +100 +200 +-"));
        assertThat(lines).anyMatch(line -> line.matches("items/s, batch 2 +18\\.2 +20\\.0 +-"));
        assertThat(lines).anyMatch(line -> line.matches("items/s, batch 4 +slow +40\\.0 +-"));
        assertThat(lines).anyMatch(line -> line.matches("crossover batch +- +2 +-"));
        assertThat(lines).anyMatch(line -> line.matches("joules/item, best +not reported +10\\.0 +not reported"));
        assertThat(lines).contains("  cuda f32: failed: no memory");
    }

    @Test
    void writesTheSameAsJson() throws Exception {
        Map<String, Object> json = JSON.std.mapFrom(SideBySideTable.json(CIRCUMSTANCES, DEVICES, SECTIONS));
        Map<?, ?> section = (Map<?, ?>) ((List<?>) json.get("sections")).get(0);
        Map<?, ?> card = (Map<?, ?>) ((List<?>) section.get("columns")).get(1);
        assertThat(card.get("crossover_batch")).isEqualTo(2);
        Map<?, ?> largest = (Map<?, ?>) ((List<?>) card.get("rows")).get(2);
        assertThat(largest.get("items_s")).isEqualTo(40.0);
        assertThat(largest.get("joules_per_item")).isEqualTo(10.0);
        Map<?, ?> cpu = (Map<?, ?>) ((List<?>) section.get("columns")).get(0);
        assertThat(((Map<?, ?>) ((List<?>) cpu.get("rows")).get(2)).get("missing")).isEqualTo("slow");
    }
}
