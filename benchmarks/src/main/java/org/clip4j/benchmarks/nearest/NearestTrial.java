package org.clip4j.benchmarks.nearest;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;

/** Rows on a device, and searches in them: checked, then timed. A call ends with the results on the host. */
final class NearestTrial implements AutoCloseable {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MIN_CALLS = 5;
    private static final int CHECKED_ROWS = 20_000;

    private final NearestOptions options;
    private final Arena arena;
    private final ExecutionContext context;
    private final NearestRows nearest;
    /** The same rows searched by codes; null where there is no such search. */
    private final NearestRows coded;
    private final double fillSeconds;
    private final GeneratedRows rows;
    private final float[] queryValues;
    private final Tensor queries;
    private final Tensor scores;
    private final Tensor indices;
    private final float[] foundScores;
    private final int[] foundRows;
    private final FloatBuffer scoreBuffer;
    private final IntBuffer rowBuffer;

    NearestTrial(Backend backend, NearestOptions options) {
        this.options = options;
        int E = options.width();
        int most = options.batches().stream().mapToInt(batch -> batch).max().orElse(1);
        arena = backend.newArena();
        context = backend.newContext();
        rows = new GeneratedRows(E, options.stored());
        long start = System.nanoTime();
        if (options.onCard()) {
            nearest = backend.nearestRows(arena, E, options.rows(), options.stored());
            rows.fill(nearest, context, options.rows());
            coded = null;
        } else {
            RowBlocks blocks = new RowBlocks(arena, options.stored(), E, options.rows());
            rows.fill(blocks);
            nearest = backend.nearestRows(arena, blocks);
            coded = backend instanceof CpuBackend ? backend.codedNearestRows(arena, blocks) : null;
        }
        fillSeconds = (System.nanoTime() - start) / 1e9;
        queries = arena.allocate(DType.F32, most, E);
        scores = arena.allocate(DType.F32, most * options.k());
        indices = arena.allocate(DType.I32, most * options.k());
        queryValues = queries(most * E, 7);
        context.upload(FloatBuffer.wrap(queryValues), 0, queries, queryValues.length);
        foundScores = new float[most * options.k()];
        foundRows = new int[most * options.k()];
        scoreBuffer = FloatBuffer.wrap(foundScores);
        rowBuffer = IntBuffer.wrap(foundRows);
    }

    private float[] queries(int values, int seed) {
        float[] result = new float[values];
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < values; i++) {
            result[i] = (float) ((random.nextDouble() + random.nextDouble() - 1) / Math.sqrt(options.width() / 6.0));
        }
        return result;
    }

    /** Seconds that it took to make the rows. */
    double fillSeconds() {
        return fillSeconds;
    }

    boolean hasCodes() {
        return coded != null;
    }

    private void search(NearestRows in, int batch, Tensor batchScores, Tensor batchIndices) {
        int k = options.k();
        in.run(context, queries, batch, options.rows(), k, batchScores, batchIndices);
        context.download(scores, scoreBuffer, 0, batch * k);
        context.download(indices, rowBuffer, 0, batch * k);
    }

    /**
     * Compares with scores of rows that are made again: all that were found, and some that were not.
     *
     * @throws IllegalStateException when a score is wrong, or a nearer row was not found
     */
    void check(int batch) {
        search(nearest, batch, scores.prefix(batch, options.k()), indices.prefix(batch, options.k()));
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

    /** Which part of the k nearest rows searches by codes find, over so many other queries, and with what scores. */
    Recall recall(Backend backend, int count) {
        int k = options.k();
        try (Arena own = backend.newArena()) {
            Tensor others = own.allocate(DType.F32, count, options.width());
            others.floats().put(0, queries(count * options.width(), 11));
            Tensor[] foundScore = {own.allocate(DType.F32, count, k), own.allocate(DType.F32, count, k)};
            Tensor[] foundRow = {own.allocate(DType.I32, count, k), own.allocate(DType.I32, count, k)};
            nearest.run(context, others, count, options.rows(), k, foundScore[0], foundRow[0]);
            coded.run(context, others, count, options.rows(), k, foundScore[1], foundRow[1]);
            return Recall.of(foundRow[0], foundRow[1], foundScore[0], foundScore[1]);
        }
    }

    /** Searches for about so many seconds, by codes in turn with those of the stored rows, and samples the limits. */
    void measure(int batch, Limits limits, Times stored, Times byCodes) {
        Tensor batchScores = scores.prefix(batch, options.k());
        Tensor batchIndices = indices.prefix(batch, options.k());
        Times warmUp = new Times();
        for (int call = 0; call < 3; call++) {
            timed(nearest, batch, batchScores, batchIndices, warmUp, limits);
            if (coded != null) {
                timed(coded, batch, batchScores, batchIndices, new Times(), limits);
            }
        }
        long end = System.nanoTime() + (long) (options.seconds() * 1e9);
        while (stored.calls() < MIN_CALLS || System.nanoTime() < end) {
            limits.sample(warmUp.median());
            timed(nearest, batch, batchScores, batchIndices, stored, limits);
            if (coded != null) {
                timed(coded, batch, batchScores, batchIndices, byCodes, limits);
            }
        }
    }

    private void timed(NearestRows in, int batch, Tensor batchScores, Tensor batchIndices, Times times, Limits limits) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        long start = System.nanoTime();
        search(in, batch, batchScores, batchIndices);
        long nanos = System.nanoTime() - start;
        times.add(nanos / 1e6, THREADS.getCurrentThreadAllocatedBytes() - before, limits);
    }

    @Override
    public void close() {
        context.close();
        arena.close();
    }
}
