package org.clip4j.benchmarks.peers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.util.List;
import java.util.Map;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.benchmarks.peers.PeerRow.Range;
import org.clip4j.benchmarks.peers.PeerRow.Times;
import org.junit.jupiter.api.Test;

class PeerTableTest {
    private static final Circumstances CIRCUMSTANCES = new Circumstances("A CPU", 2, "17.0.1",
            "ONNX Runtime 1", "abc1234", "benchmarks/run peers");
    private static final PeerRow SLOW = new PeerRow("image batch 1, 2 threads", 1.35,
            new Times(90.5, 99, 100, 20, 0, 0.99999), new Times(60, 70.25, 71, 30, 536, 0.99998), 0.663,
            new Range(6.1, 6.9));
    private static final PeerRow FAST = new PeerRow("text77 batch 16, 1 thread", 1.3,
            new Times(1000, 1400, 1401, 2, 0, 1), new Times(1300, 1100, 1101, 3, 536, 1), 1.3, new Range(6, 7));
    private static final PeerRow WITHOUT_BAR = new PeerRow("text8", 0, new Times(1, 1, 1, 2, 0, 1),
            new Times(1, 1, 1, 3, 536, 1), 1.3, new Range(6, 7));

    @Test
    void saysWhetherTheBarHolds() {
        assertThat(SLOW.holds()).isFalse();
        assertThat(FAST.holds()).isTrue();
    }

    @Test
    void printsALinePerRow() {
        List<String> lines = PeerTable.text(CIRCUMSTANCES, List.of(SLOW, FAST, WITHOUT_BAR)).lines().toList();
        assertThat(lines).contains("cpu      A CPU", "commit   abc1234", "command  benchmarks/run peers");
        assertThat(lines.get(lines.size() - 3))
                .matches("image batch 1, 2 threads +90\\.50 +60\\.00 +99\\.00 +70\\.25 +0"
                        + " +536 +0\\.99999 +0\\.99998 +0\\.66 +1\\.35 +no +6\\.1 \\.\\. +6\\.9");
        assertThat(lines.get(lines.size() - 2)).matches(
                "text77 batch 16, 1 thread +1000\\.00 +1300\\.00 .* 1\\.30 +1\\.30 +yes .*");
        assertThat(lines.get(lines.size() - 1)).matches("text8 .* 1\\.30 +- +- .*");
    }

    @Test
    void writesTheSameAsJson() throws Exception {
        Map<String, Object> json = JSON.std.mapFrom(PeerTable.json(CIRCUMSTANCES, List.of(SLOW, FAST)));
        assertThat(json).containsEntry("cpu", "A CPU").containsEntry("cores", 2).containsEntry("commit", "abc1234");
        Map<?, ?> row = (Map<?, ?>) ((List<?>) json.get("rows")).get(0);
        assertThat(row.get("what")).isEqualTo("image batch 1, 2 threads");
        assertThat(row.get("holds")).isEqualTo(false);
        assertThat(row.get("bar")).isEqualTo("speed_up >= 1.35");
        assertThat(((Map<?, ?>) row.get("ours")).get("p50_ms")).isEqualTo(90.5);
        assertThat(((Map<?, ?>) row.get("theirs")).get("bytes_per_call")).isEqualTo(536.0);
    }
}
