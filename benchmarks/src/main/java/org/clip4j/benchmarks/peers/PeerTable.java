package org.clip4j.benchmarks.peers;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.clip4j.benchmarks.Circumstances;

/** All lines of the comparison, as text for people and as JSON. Stateless. */
final class PeerTable {
    private PeerTable() {}

    static String text(Circumstances circumstances, List<PeerRow> rows) {
        StringBuilder text = new StringBuilder(circumstances.text());
        text.append(String.format("%nTimes in ms. Ratio: ours / theirs, median over neighbouring rounds. Bar: no slower"
                + " than %s times.%n", PeerRow.BAR));
        text.append(String.format("%-36s %9s %9s %9s %9s %8s %8s %6s %6s %6s %15s%n", "what", "ours p50", "theirs",
                "ours p99", "theirs", "ours B", "theirs B",
                "ratio", "bar", "holds", "control ms"));
        for (PeerRow row : rows) {
            text.append(String.format(Locale.ROOT,
                    "%-36s %9.2f %9.2f %9.2f %9.2f %8.0f %8.0f %6.2f %6s %6s %6.1f .. %5.1f%n", row.what(),
                    row.ours().p50(), row.theirs().p50(),
                    row.ours().p99(), row.theirs().p99(), row.ours().bytesPerCall(), row.theirs().bytesPerCall(),
                    row.ratio(), PeerRow.BAR, row.holds() ? "yes" : "no", row.controlMillis().low(),
                    row.controlMillis().high()));
        }
        return text.toString();
    }

    static String json(Circumstances circumstances, List<PeerRow> rows) throws IOException {
        Map<String, Object> json = new LinkedHashMap<>(circumstances.toJson());
        json.put("rows", rows.stream().map(PeerRow::toJson).toList());
        return JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json) + "\n";
    }
}
