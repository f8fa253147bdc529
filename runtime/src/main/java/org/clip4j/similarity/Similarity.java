package org.clip4j.similarity;

/** Compares embeddings on the Java heap, sums in double precision. Stateless. */
public final class Similarity {
    private Similarity() {}

    /**
     * Cosine of the angle between two embeddings of any length; 0 when one is all zeros.
     *
     * @throws IllegalArgumentException when they have different sizes
     */
    public static double cosine(float[] a, float[] b) {
        requireSameSize(a, b);
        double dot = 0;
        double aSquares = 0;
        double bSquares = 0;
        for (int i = 0; i < a.length; i++) {
            dot += (double) a[i] * b[i];
            aSquares += (double) a[i] * a[i];
            bSquares += (double) b[i] * b[i];
        }
        return aSquares == 0 || bSquares == 0 ? 0 : dot / Math.sqrt(aSquares * bSquares);
    }

    /** All cosines, [rows.length][columns.length]. */
    public static double[][] cosines(float[][] rows, float[][] columns) {
        double[][] cosines = new double[rows.length][columns.length];
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < columns.length; j++) {
                cosines[i][j] = cosine(rows[i], columns[j]);
            }
        }
        return cosines;
    }

    /**
     * Cosines times the model's scale.
     *
     * @param logitScale exp(logit_scale), see {@code ClipModel.logitScale()}
     */
    public static double[][] logits(double[][] cosines, float logitScale) {
        double[][] logits = new double[cosines.length][];
        for (int i = 0; i < cosines.length; i++) {
            logits[i] = new double[cosines[i].length];
            for (int j = 0; j < logits[i].length; j++) {
                logits[i][j] = cosines[i][j] * logitScale;
            }
        }
        return logits;
    }

    /** Probabilities that add up to 1; empty for no logits. */
    public static double[] softmax(double[] logits) {
        double max = Double.NEGATIVE_INFINITY;
        for (double logit : logits) {
            max = Math.max(max, logit);
        }
        double[] probabilities = new double[logits.length];
        double sum = 0;
        for (int i = 0; i < logits.length; i++) {
            probabilities[i] = Math.exp(logits[i] - max);
            sum += probabilities[i];
        }
        for (int i = 0; i < probabilities.length; i++) {
            probabilities[i] /= sum;
        }
        return probabilities;
    }

    /** The embedding scaled to unit length, as a new array; zeros stay zeros. */
    public static float[] normalize(float[] embedding) {
        double squares = 0;
        for (float value : embedding) {
            squares += (double) value * value;
        }
        double norm = squares == 0 ? 1 : Math.sqrt(squares);
        float[] normalized = new float[embedding.length];
        for (int i = 0; i < normalized.length; i++) {
            normalized[i] = (float) (embedding[i] / norm);
        }
        return normalized;
    }

    private static void requireSameSize(float[] a, float[] b) {
        if (a.length != b.length) {
            throw new IllegalArgumentException("embeddings have different sizes: a=" + a.length + " b=" + b.length);
        }
    }
}
