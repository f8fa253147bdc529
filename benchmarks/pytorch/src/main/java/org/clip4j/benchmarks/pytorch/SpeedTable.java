package org.clip4j.benchmarks.pytorch;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.benchmarks.Median;

/** All lines of the comparison, as text for people and as JSON. Stateless. */
final class SpeedTable {
    private SpeedTable() {}

    static String text(Circumstances circumstances, String model, List<SpeedRow> rows) {
        StringBuilder text = new StringBuilder(circumstances.text());
        text.append(String.format("%-8s %s%n", "model", model));
        text.append(
                String.format(Locale.ROOT, "%nA step: forward, loss, backward, clipping, AdamW. Ratio: our samples/s"
                        + " / theirs, median over neighbouring steps.%nBar: at least %.1f.%n", SpeedRow.BAR));
        text.append(String.format("%7s %5s %6s %12s %9s %11s %9s %6s %5s %6s %15s%n", "threads", "batch", "steps",
                "ours p50 ms", "theirs", "ours /s", "theirs", "ratio", "bar", "holds", "control ms"));
        for (SpeedRow row : rows) {
            text.append(String.format(Locale.ROOT,
                    "%7d %5d %6d %12.1f %9.1f %11.1f %9.1f %6.2f %5.1f %6s %6.1f .. %5.1f%n", row.threads(),
                    row.batch(), row.ours().size(), Median.of(row.ours()), Median.of(row.theirs()),
                    row.samplesPerSecond(row.ours()), row.samplesPerSecond(row.theirs()), row.ratio(), SpeedRow.BAR,
                    row.holds() ? "yes" : "no", row.lowestControl(), row.highestControl()));
        }
        return text.toString();
    }

    static String json(Circumstances circumstances, String model, List<SpeedRow> rows) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>(circumstances.toJson());
        json.put("model", model);
        json.put("rows", rows.stream().map(SpeedRow::toJson).toList());
        return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json) + "\n";
    }
}
