package org.clip4j.benchmarks;

import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.clip4j.similarity.Similarity;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** How long does it take to compare queries with many embeddings of 512 values? */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class SimilarityBenchmark {
    private static final int EMBED_DIM = 512;
    /** Rounding of a cosine of f32 values whose sums are doubles is far below; half an ulp of f32 is enough. */
    private static final double LIMIT = 0x1p-24;

    @Param({"10000", "100000"})
    int embeddings;

    @Param({"1", "16"})
    int queries;

    private float[][] rows;
    private float[][] columns;

    @Setup
    public void generate() {
        SplittableRandom random = new SplittableRandom(1);
        rows = vectors(random, queries);
        columns = vectors(random, embeddings);
        // The last column is the first query, three times as long: cosine 1.
        for (int i = 0; i < EMBED_DIM; i++) {
            columns[embeddings - 1][i] = 3 * rows[0][i];
        }
        check(Similarity.cosines(rows, columns));
    }

    private static float[][] vectors(SplittableRandom random, int count) {
        float[][] vectors = new float[count][EMBED_DIM];
        for (float[] vector : vectors) {
            for (int i = 0; i < EMBED_DIM; i++) {
                vector[i] = (float) random.nextDouble(-1, 1);
            }
        }
        return vectors;
    }

    private void check(double[][] cosines) {
        requireClose(1, cosines[0][embeddings - 1], 0, embeddings - 1);
        for (int row = 0; row < queries; row++) {
            for (int column = 0; column < embeddings; column += 997) {
                requireClose(cosine(rows[row], columns[column]), cosines[row][column], row, column);
            }
        }
    }

    private static double cosine(float[] a, float[] b) {
        double dot = 0;
        double squares = 0;
        double otherSquares = 0;
        for (int i = a.length - 1; i >= 0; i--) {
            dot = Math.fma((double) a[i], b[i], dot);
            squares = Math.fma((double) a[i], a[i], squares);
            otherSquares = Math.fma((double) b[i], b[i], otherSquares);
        }
        return dot / Math.sqrt(squares) / Math.sqrt(otherSquares);
    }

    private static void requireClose(double expected, double actual, int row, int column) {
        // Negated, so that NaN fails.
        if (!(Math.abs(expected - actual) <= LIMIT)) {
            throw new IllegalStateException("wrong answer, nothing is timed: row=" + row + " column=" + column
                    + " expected=" + expected + " actual=" + actual + " limit=" + LIMIT);
        }
    }

    @Benchmark
    public double[][] cosines() {
        return Similarity.cosines(rows, columns);
    }
}
