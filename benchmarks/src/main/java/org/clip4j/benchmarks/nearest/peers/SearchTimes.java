package org.clip4j.benchmarks.nearest.peers;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.clip4j.benchmarks.Median;

/** One way of searching: what it finds, and the times of its calls, turn by turn. */
final class SearchTimes {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    /** Of a turn, so that the caches hold what this search needs and not what the one before did. */
    private static final int MIN_CALLS = 3;

    private final Search search;
    private final ClusteredRows rows;
    private final int[] nearest;
    private final List<Double> millis = new ArrayList<>();
    private final List<Double> turns = new ArrayList<>();
    private long bytesPerCall = Long.MAX_VALUE;
    private int nextQuery;
    private double recall = Double.NaN;

    SearchTimes(Search search, ClusteredRows rows, int k) {
        this.search = search;
        this.rows = rows;
        this.nearest = new int[k];
    }

    Search search() {
        return search;
    }

    /** The rows that it finds for each query. */
    List<Set<Integer>> find() throws IOException {
        List<Set<Integer>> all = new ArrayList<>();
        for (int query = 0; query < rows.queryCount(); query++) {
            int found = search.search(query, nearest);
            Set<Integer> rowsFound = new HashSet<>();
            for (int i = 0; i < found; i++) {
                rowsFound.add(nearest[i]);
            }
            all.add(rowsFound);
        }
        return all;
    }

    /** Which part of the expected rows it finds. */
    void measureRecall(List<Set<Integer>> expected) throws IOException {
        List<Set<Integer>> found = find();
        long wanted = 0;
        long hits = 0;
        for (int query = 0; query < expected.size(); query++) {
            wanted += expected.get(query).size();
            hits += expected.get(query).stream().filter(found.get(query)::contains).count();
        }
        recall = (double) hits / wanted;
    }

    /** Searches again and again for about so long, a query after the other. */
    void takeTurn(double seconds) throws IOException {
        List<Double> calls = new ArrayList<>();
        long end = System.nanoTime() + (long) (seconds * 1e9);
        while (calls.size() < MIN_CALLS || System.nanoTime() < end) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            search.search(nextQuery, nearest);
            long nanos = System.nanoTime() - start;
            bytesPerCall = Math.min(bytesPerCall, THREADS.getCurrentThreadAllocatedBytes() - before);
            calls.add(nanos / 1e6);
            nextQuery = (nextQuery + 1) % rows.queryCount();
        }
        millis.addAll(calls);
        turns.add(Median.of(calls));
    }

    double recall() {
        return recall;
    }

    int calls() {
        return millis.size();
    }

    double best() {
        return millis.stream().mapToDouble(m -> m).min().orElse(Double.NaN);
    }

    double median() {
        return Median.of(millis);
    }

    double slowest() {
        return millis.stream().mapToDouble(m -> m).max().orElse(Double.NaN);
    }

    /** The least of all calls. */
    long bytesPerCall() {
        return bytesPerCall;
    }

    /** How many times as long as the other's calls its own take, the median over turns. */
    double timesAsLongAs(SearchTimes other) {
        List<Double> ratios = new ArrayList<>();
        for (int turn = 0; turn < turns.size(); turn++) {
            ratios.add(turns.get(turn) / other.turns.get(turn));
        }
        return Median.of(ratios);
    }
}
