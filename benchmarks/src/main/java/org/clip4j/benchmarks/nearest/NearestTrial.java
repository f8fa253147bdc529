package org.clip4j.benchmarks.nearest;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.clip4j.benchmarks.Median;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Tensor;

/** Rows on a device, and searches in them: checked, then timed. A call ends with the results on the host. */
final class NearestTrial implements AutoCloseable {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MIN_CALLS = 5;
    private static final int CHECKED_ROWS = 20_000;

    /**
     * What was measured of one batch.
     *
     * @param millis median of a call
     * @param slowest of all calls, in milliseconds
     * @param bytesPerCall allocated on the Java heap
     */
    record Times(int batch, double millis, double slowest, int calls, long bytesPerCall) {}

    private final NearestOptions options;
    private final Arena arena;
    private final ExecutionContext context;
    private final NearestRows nearest;
    private final GeneratedRows rows;
    private final float[] queryValues;
    private final Tensor queries;
    private final Tensor scores;
    private final Tensor indices;
    private final float[] foundScores;
    private final int[] foundRows;
    private final FloatBuffer scoreBuffer;
    private final IntBuffer rowBuffer;
    private final int most;

    NearestTrial(Backend backend, NearestOptions options) {
        this.options = options;
        int E = options.width();
        int batch = 1;
        for (int each : options.batches()) {
            batch = Math.max(batch, each);
        }
        most = batch;
        arena = backend.newArena();
        context = backend.newContext();
        nearest = backend.nearestRows(arena, E, options.rows(), options.stored());
        rows = new GeneratedRows(E, options.stored());
        queries = arena.allocate(DType.F32, most, E);
        scores = arena.allocate(DType.F32, most * options.k());
        indices = arena.allocate(DType.I32, most * options.k());
        queryValues = new float[most * E];
        SplittableRandom random = new SplittableRandom(7);
        for (int i = 0; i < queryValues.length; i++) {
            queryValues[i] = (float) ((random.nextDouble() + random.nextDouble() - 1) / Math.sqrt(E / 6.0));
        }
        context.upload(FloatBuffer.wrap(queryValues), 0, queries, queryValues.length);
        foundScores = new float[most * options.k()];
        foundRows = new int[most * options.k()];
        scoreBuffer = FloatBuffer.wrap(foundScores);
        rowBuffer = IntBuffer.wrap(foundRows);
    }

    /** Makes the rows; answers the seconds that it took. */
    double fill() {
        long start = System.nanoTime();
        rows.fill(nearest, context, options.rows());
        return (System.nanoTime() - start) / 1e9;
    }

    private void search(int batch) {
        int k = options.k();
        nearest.run(context, queries, batch, options.rows(), k, scores.prefix(batch, k), indices.prefix(batch, k));
        context.download(scores, scoreBuffer, 0, batch * k);
        context.download(indices, rowBuffer, 0, batch * k);
    }

    /**
     * Compares with scores of rows that are made again: all that were found, and some that were not.
     *
     * @throws IllegalStateException when a score is wrong, or a nearer row was not found
     */
    void check(int batch) {
        search(batch);
        for (int query : new int[]{0, batch / 2, batch - 1}) {
            Set<Integer> found = new HashSet<>();
            int first = query * options.k();
            double last = Double.POSITIVE_INFINITY;
            for (int i = first; i < first + options.k(); i++) {
                require(found.add(foundRows[i]), query, foundRows[i], "given twice");
                require(Math.abs(score(query, foundRows[i]) - foundScores[i]) <= limit(), query, foundRows[i],
                        "score=" + foundScores[i] + " expected=" + score(query, foundRows[i]));
                require(foundScores[i] <= last, query, foundRows[i], "not in order");
                last = foundScores[i];
            }
            SplittableRandom random = new SplittableRandom(query);
            boolean all = options.rows() <= CHECKED_ROWS;
            for (int i = 0; i < Math.min(options.rows(), CHECKED_ROWS); i++) {
                int row = all ? i : random.nextInt(options.rows());
                require(found.contains(row) || score(query, row) <= last + limit(), query, row, "not found");
            }
        }
    }

    private void require(boolean holds, int query, int row, String what) {
        if (!holds) {
            throw new IllegalStateException("wrong answer, nothing is timed: query=" + query + " row=" + row + " "
                    + what);
        }
    }

    private double score(int query, int row) {
        float[] values = rows.row(row);
        double sum = 0;
        for (int i = 0; i < values.length; i++) {
            sum += (double) queryValues[query * values.length + i] * values[i];
        }
        return sum;
    }

    /** Of a sum in f32, with norms of about 1. */
    private double limit() {
        return 2 * (options.width() + 2) * 0x1p-24;
    }

    /** Searches for about so many seconds. */
    Times measure(int batch, double seconds) {
        int k = options.k();
        Tensor batchScores = scores.prefix(batch, k);
        Tensor batchIndices = indices.prefix(batch, k);
        List<Double> millis = new ArrayList<>();
        long bytes = Long.MAX_VALUE;
        long end = 0;
        for (int call = -3; call < MIN_CALLS || System.nanoTime() < end; call++) {
            long before = THREADS.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            nearest.run(context, queries, batch, options.rows(), k, batchScores, batchIndices);
            context.download(scores, scoreBuffer, 0, batch * k);
            context.download(indices, rowBuffer, 0, batch * k);
            long nanos = System.nanoTime() - start;
            long allocated = THREADS.getCurrentThreadAllocatedBytes() - before;
            if (call == -1) {
                end = System.nanoTime() + (long) (seconds * 1e9);
            }
            if (call >= 0) {
                millis.add(nanos / 1e6);
                bytes = Math.min(bytes, allocated);
            }
        }
        return new Times(batch, Median.of(millis), millis.stream().mapToDouble(m -> m).max().orElse(0), millis.size(),
                bytes);
    }

    @Override
    public void close() {
        context.close();
        arena.close();
    }
}
