package org.clip4j.benchmarks.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.clip4j.benchmarks.Circumstances;
import org.junit.jupiter.api.Test;

class SpeedTableTest {
    private static final Circumstances CIRCUMSTANCES = new Circumstances("A CPU", 2, "17.0.1", "PyTorch 1", "abc1234",
            "benchmarks/run training");
    private static final SpeedRow FAST = new SpeedRow(1, 256, List.of(2000.0, 1000.0, 9000.0),
            List.of(1200.0, 700.0, 1200.0), List.of(6.0, 7.5));
    private static final SpeedRow SLOW = new SpeedRow(2, 256, List.of(2000.0), List.of(1180.0), List.of(6.0));

    @Test
    void comparesNeighbouringStepsSoThatOneDisturbanceDoesNotCount() {
        assertThat(FAST.ratio()).isEqualTo(0.6);
        assertThat(FAST.holds()).isTrue();
        assertThat(SLOW.holds()).isFalse();
    }

    @Test
    void refusesStepsThatHaveNoNeighbour() {
        assertThatThrownBy(() -> new SpeedRow(1, 256, List.of(1.0, 2.0), List.of(1.0), List.of(1.0)))
                .hasMessageContaining("ours=2 theirs=1");
    }

    @Test
    void printsALinePerNumberOfThreads() {
        List<String> lines = SpeedTable.text(CIRCUMSTANCES, "a model", List.of(FAST, SLOW)).lines().toList();
        assertThat(lines).contains("peer     PyTorch 1", "commit   abc1234", "model    a model");
        assertThat(lines.get(lines.size() - 2)).matches(
                " +1 +256 +3 +2000\\.0 +1200\\.0 +128\\.0 +213\\.3 +0\\.60 +0\\.6 +yes +6\\.0 \\.\\. +7\\.5");
        assertThat(lines.get(lines.size() - 1)).matches(" +2 +256 +1 .* 0\\.59 +0\\.6 +no .*");
    }

    @Test
    void writesTheSameAsJson() throws IOException {
        Map<String, Object> json = JSON.std.mapFrom(SpeedTable.json(CIRCUMSTANCES, "a model", List.of(FAST, SLOW)));
        assertThat(json).containsEntry("peer", "PyTorch 1").containsEntry("model", "a model");
        Map<?, ?> row = (Map<?, ?>) ((List<?>) json.get("rows")).get(1);
        assertThat(row.get("holds")).isEqualTo(false);
        assertThat(((Map<?, ?>) row.get("ours")).get("samples_per_second")).isEqualTo(128.0);
    }

    @Test
    void refusesSidesThatLearnDifferently() {
        List<TrainingProcess.TimedStep> ours = steps(5.0, 4.0);
        assertThatCode(() -> TrainingComparison.requireSameLosses(ours, steps(5.0004, 4.003)))
                .doesNotThrowAnyException();
        assertThatThrownBy(() -> TrainingComparison.requireSameLosses(ours, steps(5.0006, 4.0)))
                .hasMessageContaining("step=1 ours=5.0 theirs=5.0006");
        assertThatThrownBy(() -> TrainingComparison.requireSameLosses(ours, steps(5.0, 4.005)))
                .hasMessageContaining("step=2");
        assertThatThrownBy(() -> TrainingComparison.requireSameLosses(ours, steps(Double.NaN, 4.0)))
                .hasMessageContaining("step=1");
    }

    private static List<TrainingProcess.TimedStep> steps(double first, double second) {
        return List.of(new TrainingProcess.TimedStep(first, 1, 1), new TrainingProcess.TimedStep(second, 1, 1));
    }
}
