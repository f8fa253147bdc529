package org.clip4j.similarity;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Objects;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;

/**
 * Searches of one thread in a {@link SimilarityIndex}: queries and results in memory that is taken once. A search allocates
 * nothing on the heap once its sizes are known. Closed by whoever asked for it, before the index is.
 */
public final class Searcher implements AutoCloseable {
    private final SimilarityIndex index;
    private final Arena arena;
    private final ExecutionContext context;
    private final int maxQueries;
    private final int maxNearest;
    private final Tensor queries; // [maxQueries,E]
    private final Tensor scores; // [maxQueries * maxNearest]
    private final Tensor rows;
    private final FloatBuffer scoresOnHost;
    private final IntBuffer rowsOnHost;
    /** Views of the results for the k and the number of queries that were asked for last. */
    private Tensor scoreView;
    private Tensor rowView;
    private boolean closed;

    Searcher(SimilarityIndex index, Backend backend, int maxQueries, int maxNearest) {
        this.index = index;
        this.maxQueries = maxQueries;
        this.maxNearest = maxNearest;
        int results = Math.multiplyExact(maxQueries, maxNearest);
        arena = backend.newArena();
        try {
            queries = arena.allocate(DType.F32, maxQueries, index.width());
            scores = arena.allocate(DType.F32, results);
            rows = arena.allocate(DType.I32, results);
            scoresOnHost = FloatBuffer.allocate(results);
            rowsOnHost = IntBuffer.allocate(results);
            context = backend.newContext();
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Finds the nearest rows for each query, nearest first; of equal scores the smaller row first. A score that is no
     * number counts, and is given, as negative infinity.
     *
     * @param from heap or direct buffer; position and limit are not changed
     * @param fromIndex of the first query's first value
     * @param count number of queries
     * @param k rows for each, from 1
     * @param outScores receives those of query q from {@code q * k} on
     * @param outRows likewise the rows' numbers
     * @return how many there are for each query: k, or all rows where there are fewer
     * @throws IllegalArgumentException when queries or k are more than the searcher was made for
     */
    public int search(FloatBuffer from, int fromIndex, int count, int k, float[] outScores, int[] outRows) {
        if (count < 0 || count > maxQueries || k < 1 || k > maxNearest) {
            throw new IllegalArgumentException("search is too large for the searcher: queries=" + count + " maxQueries="
                    + maxQueries + " k=" + k + " maxNearest=" + maxNearest);
        }
        Objects.checkFromIndexSize(0, count * k, Math.min(outScores.length, outRows.length));
        int available = index.enter();
        try {
            if (closed) {
                throw new IllegalStateException("the searcher is closed");
            }
            int found = Math.min(k, available);
            if (found == 0 || count == 0) {
                return found;
            }
            if (scoreView == null || scoreView.rows() != count || scoreView.columns() != found) {
                scoreView = scores.prefix(count, found);
                rowView = rows.prefix(count, found);
            }
            context.upload(from, fromIndex, queries, count * index.width());
            index.nearestRows().run(context, queries, count, available, found, scoreView, rowView);
            context.download(scores, scoresOnHost, 0, count * found);
            context.download(rows, rowsOnHost, 0, count * found);
            for (int q = 0; q < count; q++) {
                scoresOnHost.get(q * found, outScores, q * k, found);
                rowsOnHost.get(q * found, outRows, q * k, found);
            }
            return found;
        } finally {
            index.leave();
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            context.close();
            arena.close();
        }
    }
}
