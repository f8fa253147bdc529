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
        text.append(String.format("%nTimes in ms. Speed-up: theirs / ours, median over neighbouring rounds. Cosine: the"
                + " least one with the embeddings in double precision.%n"));
        text.append(
                String.format("%-52s %9s %9s %9s %9s %8s %8s %8s %8s %8s %5s %6s %15s%n", "what", "ours p50", "theirs",
                        "ours p99", "theirs", "ours B", "theirs B", "cosine", "theirs", "speed-up", "bar", "holds",
                        "control ms"));
        for (PeerRow row : rows) {
            String bar = row.bar() > 0 ? String.format(Locale.ROOT, "%.2f", row.bar()) : "-";
            text.append(String.format(Locale.ROOT,
                    "%-52s %9.2f %9.2f %9.2f %9.2f %8.0f %8.0f %8.5f %8.5f %8.2f %5s %6s %6.1f .. %5.1f%n", row.what(),
                    row.ours().p50(), row.theirs().p50(), row.ours().p99(), row.theirs().p99(),
                    row.ours().bytesPerCall(), row.theirs().bytesPerCall(), row.ours().cosine(), row.theirs().cosine(),
                    row.speedUp(), bar, row.bar() > 0 ? row.holds() ? "yes" : "no" : "-", row.controlMillis().low(),
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
