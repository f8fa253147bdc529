package org.clip4j.benchmarks;

import java.nio.FloatBuffer;

/** Compares embeddings with what they should be, so that nothing wrong is timed. Stateless. */
public final class AnswerCheck {
    /** Largest relative error of a row that f32 text towers and vision transformers may show; README of the goldens. */
    public static final double F32_LIMIT = 1e-5;

    private AnswerCheck() {}

    /**
     * Checks all rows.
     *
     * @param who for the message
     * @param expected [B,E]
     * @param actual [B,E] from position 0
     * @param embedDim E
     * @throws IllegalStateException that names the first row with ||actual - expected|| / ||expected|| above the limit
     */
    public static void requireClose(String who, double[] expected, FloatBuffer actual, int embedDim, double limit) {
        for (int row = 0; row < expected.length / embedDim; row++) {
            double error = relativeError(expected, actual, row, embedDim);
            // Negated, so that NaN fails.
            if (!(error <= limit)) {
                throw new IllegalStateException("wrong answer, nothing is timed: who=" + who + " row=" + row
                        + " relativeError=" + error + " limit=" + limit);
            }
        }
    }

    /** The least cosine of a row with what it should be; NaN when one is not a number. */
    public static double leastCosine(double[] expected, FloatBuffer actual, int embedDim) {
        double least = 1;
        for (int row = 0; row < expected.length / embedDim; row++) {
            double cosine = cosine(expected, actual, row, embedDim);
            least = cosine >= least ? least : cosine;
        }
        return least;
    }

    private static double cosine(double[] expected, FloatBuffer actual, int row, int embedDim) {
        double product = 0;
        double expectedSquares = 0;
        double actualSquares = 0;
        for (int i = row * embedDim; i < (row + 1) * embedDim; i++) {
            product += expected[i] * actual.get(i);
            expectedSquares += expected[i] * expected[i];
            actualSquares += (double) actual.get(i) * actual.get(i);
        }
        return product / Math.sqrt(expectedSquares * actualSquares);
    }

    private static double relativeError(double[] expected, FloatBuffer actual, int row, int embedDim) {
        double differences = 0;
        double squares = 0;
        for (int i = row * embedDim; i < (row + 1) * embedDim; i++) {
            double difference = actual.get(i) - expected[i];
            differences += difference * difference;
            squares += expected[i] * expected[i];
        }
        return Math.sqrt(differences / squares);
    }
}
