package org.clip4j.image;

import org.clip4j.kernels.ResampleAxis;

/**
 * Weights of an antialiased bicubic resize along one axis, for the outputs that survive the crop. Output {@code o}
 * (counted from the crop's edge) is the sum over {@code j < taps[o]} of input {@code lo[o] + j} times weight
 * {@code start[o] + j}.
 *
 * <p>Arithmetic and order of operations as in Pillow's Resample.c; immutable.
 */
final class ResampleTable {
    /** Bits behind the point of {@link #fixed}: 32 - 8 - 2, Pillow's PRECISION_BITS. */
    static final int PRECISION_BITS = ResampleAxis.PRECISION_BITS;
    /** Half a unit, so that the shift rounds. */
    static final int HALF = 1 << (PRECISION_BITS - 1);
    private static final double A = -0.5; // Pillow's bicubic_filter; not OpenCV's -0.75
    private static final double SUPPORT = 2.0;

    final int in;
    final int out;
    final int first;
    final int count;
    final int[] lo;
    final int[] taps;
    final int[] start;
    final int[] fixed;
    final double[] weights;
    /** Inputs that any output needs: {@code inFrom} to {@code inTo - 1}. */
    final int inFrom;
    final int inTo;
    /** How many outputs at most need one and the same input. */
    final int overlap;
    /** The same in fixed point, for native code. */
    final ResampleAxis axis;

    ResampleTable(int in, int out, int first, int count) {
        this.in = in;
        this.out = out;
        this.first = first;
        this.count = count;
        lo = new int[count];
        taps = new int[count];
        start = new int[count];
        double scale = (double) in / out;
        double filterScale = Math.max(scale, 1.0);
        double support = SUPPORT * filterScale;
        int total = 0;
        for (int o = 0; o < count; o++) {
            double centre = (first + o + 0.5) * scale;
            lo[o] = Math.max(0, (int) (centre - support + 0.5));
            taps[o] = Math.min(in, (int) (centre + support + 0.5)) - lo[o];
            start[o] = total;
            total = Math.addExact(total, taps[o]);
        }
        fixed = new int[total];
        weights = new double[total];
        for (int o = 0; o < count; o++) {
            fill(o, (first + o + 0.5) * scale, 1.0 / filterScale);
        }
        inFrom = isIdentity() ? first : lo[0];
        inTo = isIdentity() ? first + count : lo[count - 1] + taps[count - 1];
        overlap = findOverlap();
        axis = isIdentity() ? ResampleAxis.identity(first, count) : new ResampleAxis(lo, taps, start, fixed);
    }

    private void fill(int o, double centre, double inverse) {
        double sum = 0.0;
        for (int j = 0; j < taps[o]; j++) {
            double weight = cubic((lo[o] + j - centre + 0.5) * inverse);
            weights[start[o] + j] = weight;
            sum += weight;
        }
        for (int j = start[o]; j < start[o] + taps[o]; j++) {
            if (sum != 0.0) {
                weights[j] /= sum;
            }
            double scaled = weights[j] * (1 << PRECISION_BITS);
            fixed[j] = (int) (weights[j] < 0 ? scaled - 0.5 : scaled + 0.5);
        }
    }

    private static double cubic(double x) {
        double t = Math.abs(x);
        if (t < 1.0) {
            return ((A + 2.0) * t - (A + 3.0)) * t * t + 1;
        }
        return t < 2.0 ? (((t - 5) * t + 8) * t - 4) * A : 0.0;
    }

    private int findOverlap() {
        int most = 1;
        int last = 0;
        for (int o = 0; o < count; o++) {
            while (last + 1 < count && lo[last + 1] < lo[o] + taps[o]) {
                last++;
            }
            most = Math.max(most, last - o + 1);
        }
        return most;
    }

    /** Whether the axis keeps its length, so that the pass is skipped. */
    boolean isIdentity() {
        return in == out;
    }

    boolean is(int otherIn, int otherOut, int otherFirst, int otherCount) {
        return in == otherIn && out == otherOut && first == otherFirst && count == otherCount;
    }
}
