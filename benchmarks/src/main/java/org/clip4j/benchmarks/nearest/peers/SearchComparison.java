package org.clip4j.benchmarks.nearest.peers;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.similarity.IndexOptions;

/**
 * Lets our searches, a plain loop's, Lucene's and JVector's take turns over the same rows, and prints how long they
 * take and what they find. Arguments: {@link SearchOptions#USAGE}.
 */
public final class SearchComparison implements AutoCloseable {
    private static final int QUERIES = 100;
    private static final int CHECKED_QUERIES = 3;
    private static final double TURN_SECONDS = 0.1;

    private final SearchOptions options;
    private final ClusteredRows rows;
    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<SearchTimes> all = new ArrayList<>();
    private String runs = "";

    SearchComparison(SearchOptions options) {
        this.options = options;
        rows = new ClusteredRows(options.rows(), QUERIES, options.width());
    }

    /** Measures and prints; exits with 2 when the arguments make no sense. */
    public static void main(String[] args) throws IOException {
        SearchOptions options;
        try {
            options = SearchOptions.of(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "; " + SearchOptions.USAGE);
            System.exit(2);
            return;
        }
        try (SearchComparison comparison = new SearchComparison(options)) {
            comparison.run();
        }
    }

    private void run() throws IOException {
        openAll();
        measure();
        Circumstances here = Circumstances.here(LuceneRows.description() + ", " + JVectorRows.description());
        System.out.print(here.text());
        System.out.printf("runs     %s%nrows     %d x %d in clusters, k=%d%n%n", runs, options.rows(), options.width(),
                options.k());
        System.out.print(SearchTable.text(all, all.get(0)));
        if (options.json() != null) {
            Map<String, Object> json = new LinkedHashMap<>(here.toJson());
            json.put("runs", runs);
            json.put("rows", options.rows());
            json.put("width", options.width());
            json.put("k", options.k());
            json.put("lines", SearchTable.json(all, all.get(0)));
            Files.writeString(options.json(), JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json) + "\n");
        }
    }

    /** The first is ours on one thread: that is what the others' threads do, too. */
    void openAll() throws IOException {
        System.err.println("making " + options.rows() + " rows and the indexes; a graph takes its time");
        for (int threads : options.threads() == 1 ? new int[]{1} : new int[]{1, options.threads()}) {
            for (boolean coded : new boolean[]{false, true}) {
                Clip4jSearch ours = opened(new Clip4jSearch(rows, options.k(),
                        IndexOptions.defaults().withThreads(threads).withCodes(coded)));
                runs = ours.description();
                add(ours);
            }
        }
        add(new LoopSearch(rows, options.k()));
        List<PeerIndex> peers = List.of(opened(new LuceneRows(rows)), opened(new JVectorRows(rows)));
        for (PeerIndex peer : peers) {
            add(peer.exact());
        }
        for (int candidates : options.candidates()) {
            for (PeerIndex peer : peers) {
                add(peer.graph(candidates));
            }
        }
    }

    private <T extends AutoCloseable> T opened(T resource) {
        opened.add(resource);
        return resource;
    }

    private void add(Search search) {
        all.add(new SearchTimes(search, rows, options.k()));
    }

    /** Compares what each finds with what ours does, and that with scores in double precision; then times each. */
    void measure() throws IOException {
        List<Set<Integer>> expected = all.get(0).find();
        for (int query = 0; query < CHECKED_QUERIES; query++) {
            requireNearest(query, expected.get(query));
        }
        for (SearchTimes times : all) {
            System.err.println("searching: " + times.search().name());
            times.measureRecall(expected);
        }
        System.err.println("measuring");
        double spent = 0;
        while (spent < options.seconds()) {
            for (SearchTimes times : all) {
                times.takeTurn(TURN_SECONDS);
            }
            spent += TURN_SECONDS;
        }
    }

    /**
     * Checks that no row is nearer than one that was found.
     *
     * @throws IllegalStateException when one is, by more than a sum in f32 may be off
     */
    private void requireNearest(int query, Set<Integer> found) {
        double last = found.stream().mapToDouble(row -> rows.score(query, row)).min().orElseThrow();
        double limit = 2 * (options.width() + 2) * 0x1p-24;
        for (int row = 0; row < rows.count(); row++) {
            if (rows.score(query, row) > last + limit && !found.contains(row)) {
                throw new IllegalStateException("wrong answer, nothing is timed: query=" + query + " row=" + row
                        + " score=" + rows.score(query, row) + " is not among the nearest, the last of which has "
                        + last);
            }
        }
    }

    List<SearchTimes> all() {
        return all;
    }

    /** Closes all indexes. */
    @Override
    public void close() throws IOException {
        for (AutoCloseable resource : opened) {
            try {
                resource.close();
            } catch (IOException | RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("an index cannot be closed", e);
            }
        }
    }
}
