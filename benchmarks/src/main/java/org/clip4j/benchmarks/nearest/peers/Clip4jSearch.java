package org.clip4j.benchmarks.nearest.peers;

import java.nio.FloatBuffer;
import org.clip4j.similarity.IndexOptions;
import org.clip4j.similarity.Searcher;
import org.clip4j.similarity.SimilarityIndex;

/** Our own index, which is exact. */
final class Clip4jSearch implements Search, AutoCloseable {
    private final SimilarityIndex index;
    private final Searcher searcher;
    private final IndexOptions options;
    private final FloatBuffer queries;
    private final int width;
    private final float[] scores;
    private final double buildSeconds;

    Clip4jSearch(ClusteredRows rows, int k, IndexOptions options) {
        this.options = options;
        width = rows.width();
        long start = System.nanoTime();
        index = SimilarityIndex.create(width, rows.count(), options);
        for (int row = 0; row < rows.count(); row++) {
            index.append(rows.row(row));
        }
        searcher = index.searcher(1, k);
        buildSeconds = (System.nanoTime() - start) / 1e9;
        scores = new float[k];
        queries = FloatBuffer.allocate(rows.queryCount() * width);
        for (int query = 0; query < rows.queryCount(); query++) {
            queries.put(query * width, rows.query(query));
        }
    }

    String description() {
        return index.description();
    }

    @Override
    public String name() {
        return options.coded() ? "clip4j int8, exact" : "clip4j f32, exact";
    }

    @Override
    public int threads() {
        return options.threads();
    }

    @Override
    public double buildSeconds() {
        return buildSeconds;
    }

    @Override
    public int search(int query, int[] nearest) {
        return searcher.search(queries, query * width, 1, nearest.length, scores, nearest);
    }

    @Override
    public void close() {
        searcher.close();
        index.close();
    }
}
