package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;

/**
 * Queries in 16 bits, for rows in 8: {@link CodedRows} says what for. Not thread-safe; a lane reuses it, and it grows to
 * the largest search seen.
 */
final class CodedQueries {
    private short[] codes = new short[0];
    private float[] scales = new float[0];
    private double[] margins = new double[0];
    private float[] values = new float[0];

    /** Codes the queries of a call. */
    void set(CpuCall call, int width, double largestNorm) {
        int Q = call.nearest.queries;
        if (codes.length < Q * width) {
            codes = new short[Q * width];
        }
        if (margins.length < Q) {
            scales = new float[2 * Q];
            margins = new double[Q];
        }
        if (values.length < width) {
            values = new float[width];
        }
        FloatBuffer from = call.x.floats();
        for (int q = 0; q < Q; q++) {
            from.get((call.nearest.firstQuery + q) * call.x.rowStride(), values, 0, width);
            set(q, width, largestNorm);
        }
    }

    private void set(int q, int width, double largestNorm) {
        // So large that the sum of all products with codes of 8 bits fits 32 bits.
        int most = Math.min(Short.MAX_VALUE, Integer.MAX_VALUE / (CodedRows.LARGEST * width));
        float largest = 0;
        for (int i = 0; i < width; i++) {
            largest = Math.max(largest, Math.abs(values[i]));
        }
        boolean coded = largest >= CodedRows.SMALLEST && largest <= Float.MAX_VALUE;
        float worth = coded ? largest / most : 0;
        double squares = 0;
        double lackingSquares = 0;
        for (int i = 0; i < width; i++) {
            int code = coded ? Math.round(values[i] / worth) : 0;
            double lacking = values[i] - (double) worth * code;
            lackingSquares += lacking * lacking;
            squares += (double) values[i] * values[i];
            codes[q * width + i] = (short) code;
        }
        double norm = Math.sqrt(squares);
        double lackingNorm = Math.sqrt(lackingSquares);
        scales[2 * q] = worth;
        scales[2 * q + 1] = CodedRows.roundedUp(norm + lackingNorm);
        margins[q] = margin(largestNorm * norm, largestNorm * lackingNorm);
    }

    /** What the most that a score can be, as it is computed in f32, may lack of the k-th score. */
    private static double margin(double norms, double lackingNorms) {
        // Numbers might leave the range of f32, or are none: every row is scored.
        if (!(norms < Float.MAX_VALUE / 8)) {
            return Double.POSITIVE_INFINITY;
        }
        // In units of u = 2^-24, times |r| |q|: the product of sum and scales, of up to 4, is rounded three times, that of
        // the norms, of up to 2, once, their sum once, and so is the k-th score. Together 21; what is below 2^-126 may be
        // lost, times a sum of up to 2^31.
        return 1.0001 * lackingNorms + 32 * 0x1p-24 * norms + 0x1p-90;
    }

    /** [Q,E]. */
    short[] codes() {
        return codes;
    }

    /** [Q,2]: what a code is worth, and what rows can add that lack a norm of one. */
    float[] scales() {
        return scales;
    }

    double margin(int q) {
        return margins[q];
    }
}
