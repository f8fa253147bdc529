package org.clip4j.kernels.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.clip4j.kernels.Activation;

/**
 * Functions over a short stretch of a row, on heap arrays of {@link #BLOCK} floats.
 *
 * <p>Why arrays: the JIT compiler of Java 17 turns simple loops over float arrays into vector instructions, but not
 * loops over direct buffers (0.3 against 2.4 ns per element for the polynomial below), and bulk copies between the two
 * cost little. Why several passes: a loop that mixes float and int lanes stays scalar.
 *
 * <p>Not thread-safe; one per lane.
 */
public final class RowMath {
    /** Floats per stretch: the arrays used together stay in a level-1 cache. */
    public static final int BLOCK = 1024;

    private static final float LOG2_E = 1.44269504088896341f;
    /** Adding and subtracting 1.5 * 2^23 rounds to the nearest integer, and leaves it in the mantissa's low bits. */
    private static final float ROUNDING = 12582912f;
    /** 1.702: QuickGELU, openai/CLIP clip/model.py. */
    private static final float QUICK_GELU = 1.702f;
    private static final float SQRT_HALF = 0.70710678118654752f;

    private final float[] row = new float[BLOCK];
    private final float[] other = new float[BLOCK];
    private final float[] bias = new float[BLOCK];
    private final float[] argument = new float[BLOCK];
    private final float[] power = new float[BLOCK];
    private final float[] factor = new float[BLOCK];
    private final int[] bits = new int[BLOCK];
    private final FloatBuffer asFloats;
    private final IntBuffer asInts;

    RowMath() {
        ByteBuffer shared = ByteBuffer.allocateDirect(BLOCK * Float.BYTES).order(ByteOrder.nativeOrder());
        asFloats = shared.asFloatBuffer();
        asInts = shared.asIntBuffer();
    }

    /** The stretch that the functions work on. */
    public float[] row() {
        return row;
    }

    /** A stretch that keeps a bias while rows pass by. */
    public float[] bias() {
        return bias;
    }

    /** A second stretch, for operands; activations use it. */
    public float[] other() {
        return other;
    }

    /**
     * power[i] = exp(x[i]), relative error below 2e-7; 0 below 2^-126.5, infinity above 2^127.5.
     *
     * <p>2^(n + f) with f in [-0.5, 0.5]: n goes into the exponent's bits, 2^f is its Taylor polynomial of degree 7
     * (remainder below 6e-9).
     */
    private void exp(float[] x, int length) {
        for (int i = 0; i < length; i++) {
            // An exponent of -127 has the bits of zero, one of 128 those of infinity.
            power[i] = Math.max(-127f, Math.min(128f, x[i] * LOG2_E));
        }
        for (int i = 0; i < length; i++) {
            float shifted = power[i] + ROUNDING;
            float f = power[i] - (shifted - ROUNDING);
            // ln(2)^n / n!
            float p = 1.5252733e-5f;
            p = p * f + 1.5403530e-4f;
            p = p * f + 1.3333558e-3f;
            p = p * f + 9.6181291e-3f;
            p = p * f + 5.5504109e-2f;
            p = p * f + 2.4022651e-1f;
            p = p * f + 6.9314718e-1f;
            power[i] = p * f + 1f;
            factor[i] = shifted;
        }
        asFloats.put(0, factor, 0, length);
        asInts.get(0, bits, 0, length);
        for (int i = 0; i < length; i++) {
            bits[i] = (bits[i] << 23) + 0x3F80_0000;
        }
        asInts.put(0, bits, 0, length);
        asFloats.get(0, factor, 0, length);
        for (int i = 0; i < length; i++) {
            power[i] *= factor[i];
        }
    }

    /** row[i] = activation(row[i]) for i below {@code length}. */
    public void activate(Activation activation, int length) {
        switch (activation) {
            case NONE -> {}
            case RELU -> relu(length);
            case QUICK_GELU -> quickGelu(length);
            case GELU -> gelu(length);
        }
    }

    private void relu(int length) {
        for (int i = 0; i < length; i++) {
            row[i] = Math.max(row[i], 0f);
        }
    }

    private void quickGelu(int length) {
        for (int i = 0; i < length; i++) {
            argument[i] = row[i] * -QUICK_GELU;
        }
        exp(argument, length);
        for (int i = 0; i < length; i++) {
            row[i] = row[i] / (1f + power[i]);
        }
    }

    /**
     * x * Phi(x) with erfc(z) = t * exp(-z^2 + P(t)), t = 1 / (1 + z / 2), for z = |x| / sqrt(2): the Chebyshev fit of
     * Numerical Recipes (erfcc, fractional error below 1.2e-7 everywhere).
     */
    private void gelu(int length) {
        for (int i = 0; i < length; i++) {
            float z = Math.abs(row[i]) * SQRT_HALF;
            float t = 1f / (1f + 0.5f * z);
            float p = 0.17087277f;
            p = p * t - 0.82215223f;
            p = p * t + 1.48851587f;
            p = p * t - 1.13520398f;
            p = p * t + 0.27886807f;
            p = p * t - 0.18628806f;
            p = p * t + 0.09678418f;
            p = p * t + 0.37409196f;
            p = p * t + 1.00002368f;
            argument[i] = p * t - 1.26551223f - z * z;
            other[i] = 0.5f * t;
        }
        exp(argument, length);
        for (int i = 0; i < length; i++) {
            // x < 0: x * erfc / 2; x >= 0: x - x * erfc / 2. Both are max(x, 0) - |x| * erfc / 2.
            row[i] = Math.max(row[i], 0f) - Math.abs(row[i]) * (other[i] * power[i]);
        }
    }

    /** row[i] = exp(row[i] - shift) for i below {@code length}; returns their sum. */
    public double expShifted(float shift, int length) {
        for (int i = 0; i < length; i++) {
            argument[i] = row[i] - shift;
        }
        exp(argument, length);
        System.arraycopy(power, 0, row, 0, length);
        return sum(row, length);
    }

    /** Softmax over the first {@code visible} of {@code keys} values from {@code start} on; the others become 0. */
    public void softmax(FloatBuffer scores, int start, int visible, int keys) {
        float max = Float.NEGATIVE_INFINITY;
        for (int at = 0; at < visible; at += BLOCK) {
            int length = Math.min(BLOCK, visible - at);
            scores.get(start + at, row, 0, length);
            max = Math.max(max, max(row, length));
        }
        double sum = 0;
        for (int at = 0; at < visible; at += BLOCK) {
            int length = Math.min(BLOCK, visible - at);
            scores.get(start + at, row, 0, length);
            sum += expShifted(max, length);
            scores.put(start + at, row, 0, length);
        }
        float scale = (float) (1 / sum);
        for (int at = 0; at < visible; at += BLOCK) {
            int length = Math.min(BLOCK, visible - at);
            scores.get(start + at, row, 0, length);
            scale(scale, length);
            scores.put(start + at, row, 0, length);
        }
        for (int i = visible; i < keys; i++) {
            scores.put(start + i, 0f);
        }
    }

    /** Largest of the first {@code length} values. */
    public static float max(float[] x, int length) {
        float max = Float.NEGATIVE_INFINITY;
        for (int i = 0; i < length; i++) {
            max = Math.max(max, x[i]);
        }
        return max;
    }

    /** Sum of the first {@code length} values, in double precision. */
    public static double sum(float[] x, int length) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 3 < length; i += 4) {
            s0 += x[i];
            s1 += x[i + 1];
            s2 += x[i + 2];
            s3 += x[i + 3];
        }
        for (; i < length; i++) {
            s0 += x[i];
        }
        return s0 + s1 + (s2 + s3);
    }

    /**
     * Sum of the products of the first {@code length} values, in double precision.
     *
     * @param x first factors
     * @param y second factors
     */
    public static double dot(float[] x, float[] y, int length) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 3 < length; i += 4) {
            s0 += (double) x[i] * y[i];
            s1 += (double) x[i + 1] * y[i + 1];
            s2 += (double) x[i + 2] * y[i + 2];
            s3 += (double) x[i + 3] * y[i + 3];
        }
        for (; i < length; i++) {
            s0 += (double) x[i] * y[i];
        }
        return s0 + s1 + (s2 + s3);
    }

    /**
     * Adds the first {@code length} values to sums of about double precision: what is lost in rounding is kept apart.
     * Unlike sums of doubles, the compiler turns this into vector instructions.
     *
     * <p>Source: Knuth, The Art of Computer Programming 2, 4.2.2, theorem B (TwoSum).
     *
     * @param sums receive values
     * @param lost receives what the sums lose; the sum is {@code sums[i] + lost[i]}
     */
    public static void addCompensated(float[] sums, float[] lost, float[] values, int length) {
        for (int i = 0; i < length; i++) {
            float old = sums[i];
            float sum = old + values[i];
            float added = sum - old;
            lost[i] += (old - (sum - added)) + (values[i] - added);
            sums[i] = sum;
        }
    }

    /** Sum of (x - mean)^2 over the first {@code length} values, in double precision. */
    public static double squaredDistance(float[] x, double mean, int length) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int i = 0;
        for (; i + 3 < length; i += 4) {
            double d0 = x[i] - mean;
            double d1 = x[i + 1] - mean;
            double d2 = x[i + 2] - mean;
            double d3 = x[i + 3] - mean;
            s0 += d0 * d0;
            s1 += d1 * d1;
            s2 += d2 * d2;
            s3 += d3 * d3;
        }
        for (; i < length; i++) {
            s0 += (x[i] - mean) * (x[i] - mean);
        }
        return s0 + s1 + (s2 + s3);
    }

    /** row[i] += values[i]. */
    public void add(float[] values, int length) {
        for (int i = 0; i < length; i++) {
            row[i] += values[i];
        }
    }

    /** row[i] *= by. */
    public void scale(float by, int length) {
        for (int i = 0; i < length; i++) {
            row[i] *= by;
        }
    }
}
