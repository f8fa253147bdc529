package org.clip4j.benchmarks;

import java.nio.FloatBuffer;
import java.util.Map;
import org.clip4j.kernels.Precision;

/** Compares embeddings with what they should be, so that nothing wrong is timed. Stateless. */
public final class AnswerCheck {
    /** Largest relative error of a row that f32 text towers and vision transformers may show; README of the goldens. */
    public static final double F32_LIMIT = 1e-5;

    private static final Map<Precision, Double> LEAST_COSINES = Map.of(Precision.BF16, 0.9995, Precision.INT8, 0.995);

    private AnswerCheck() {}

    /** The least cosine of a row with the embedding in double precision that is timed. */
    public static double requiredCosine(Precision precision) {
        return LEAST_COSINES.getOrDefault(precision, 1 - F32_LIMIT);
    }

    /** Largest relative error of a row; in lower precisions that of the {@linkplain #requiredCosine required cosine}. */
    public static double limit(Precision precision) {
        return LEAST_COSINES.containsKey(precision) ? Math.sqrt(2 - 2 * requiredCosine(precision)) : F32_LIMIT;
    }

    /**
     * Checks all rows.
     *
     * @param who for the message
     * @param expected [B,E]
     * @param actual [B,E] from position 0
     * @param embedDim E
     * @return the largest ||actual - expected|| / ||expected|| of a row
     * @throws IllegalStateException that names the first row with ||actual - expected|| / ||expected|| above the limit
     */
    public static double requireClose(String who, double[] expected, FloatBuffer actual, int embedDim, double limit) {
        double largest = 0;
        for (int row = 0; row < expected.length / embedDim; row++) {
            double error = relativeError(expected, actual, row, embedDim);
            // Negated, so that NaN fails.
            if (!(error <= limit)) {
                throw new IllegalStateException("wrong answer, nothing is timed: who=" + who + " row=" + row
                        + " relativeError=" + error + " limit=" + limit);
            }
            largest = Math.max(largest, error);
        }
        return largest;
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
