package org.clip4j.benchmarks.nearest.peers;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.jr.ob.JSON;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** All ways of searching, over few rows. */
class SearchComparisonTest {
    private static SearchComparison comparison;

    @BeforeAll
    static void measure() throws Exception {
        comparison = new SearchComparison(
                SearchOptions.of("--rows", "601", "--width", "37", "--k", "5", "--candidates", "5,60", "--threads", "2",
                        "--seconds", "0.01"));
        comparison.openAll();
        comparison.measure();
    }

    @AfterAll
    static void close() throws Exception {
        comparison.close();
    }

    @Test
    void exactSearchesFindTheSame() {
        List<SearchTimes> exact = comparison.all().stream().filter(t -> t.search().name().endsWith("exact")).toList();
        assertThat(exact).hasSize(7).allSatisfy(times -> assertThat(times.recall()).as(times.search().name())
                .isEqualTo(1));
    }

    /** Rows taken by chance would be 60 of 601, and a tenth of the nearest. */
    @Test
    void graphsFindMostOfThem() {
        List<SearchTimes> graphs = comparison.all().stream().filter(t -> t.search().name().endsWith("candidates"))
                .toList();
        assertThat(graphs).hasSize(4).allSatisfy(times -> assertThat(times.recall()).as(times.search().name())
                .isBetween(times.search().name().contains("60") ? 0.9 : 0.5, 1.0));
    }

    @Test
    void printsAndWritesALineForEach() throws Exception {
        List<SearchTimes> all = comparison.all();
        List<String> lines = SearchTable.text(all, all.get(0)).lines().toList();
        assertThat(lines).hasSize(1 + all.size());
        assertThat(lines.get(1)).matches("clip4j f32, exact +1 .* 1\\.0000 +1\\.000");
        List<Object> json = JSON.std.listFrom(JSON.std.asString(SearchTable.json(all, all.get(0))));
        assertThat(json).hasSameSizeAs(all);
        assertThat((Map<?, ?>) json.get(0)).extracting("search", "recall", "of_first")
                .containsExactly("clip4j f32, exact", 1.0, 1.0);
    }
}
