package org.clip4j.benchmarks.nearest.peers;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A line for each way of searching. Stateless. */
final class SearchTable {
    private SearchTable() {}

    /**
     * For people.
     *
     * @param base what the ratios are to
     */
    static String text(List<SearchTimes> all, SearchTimes base) {
        StringBuilder text = new StringBuilder(String.format("%-32s %7s %8s %9s %9s %9s %6s %9s %8s %8s%n", "search",
                "threads", "built s", "ms best", "ms p50", "ms max", "calls", "B/call", "recall", "of first"));
        for (SearchTimes times : all) {
            Search search = times.search();
            double built = search.buildSeconds();
            text.append(
                    String.format(Locale.ROOT, "%-32s %7d %8s %9.3f %9.3f %9.3f %6d %9d %8.4f %8.3f%n", search.name(),
                            search.threads(), Double.isNaN(built) ? "" : String.format(Locale.ROOT, "%.1f", built),
                            times.best(),
                            times.median(), times.slowest(), times.calls(), times.bytesPerCall(), times.recall(),
                            times.timesAsLongAs(base)));
        }
        return text.toString();
    }

    /** The same for programs. */
    static List<Map<String, Object>> json(List<SearchTimes> all, SearchTimes base) {
        return all.stream().map(times -> line(times, base)).toList();
    }

    private static Map<String, Object> line(SearchTimes times, SearchTimes base) {
        Search search = times.search();
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("search", search.name());
        json.put("threads", search.threads());
        if (!Double.isNaN(search.buildSeconds())) {
            json.put("built_s", search.buildSeconds());
        }
        json.put("best_ms", times.best());
        json.put("p50_ms", times.median());
        json.put("max_ms", times.slowest());
        json.put("calls", times.calls());
        json.put("bytes_per_call", times.bytesPerCall());
        json.put("recall", times.recall());
        json.put("of_first", times.timesAsLongAs(base));
        return json;
    }
}
