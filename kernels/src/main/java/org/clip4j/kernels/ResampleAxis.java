package org.clip4j.kernels;

/**
 * Weights of a resampling along one axis in fixed point: output {@code o} is
 * {@code (2^21 + sum over j < taps[o] of input[first[o] + j] * weights[start[o] + j]) >> 22}, clamped to 0..255. Outputs
 * are in ascending order of the inputs that they need. Immutable: the arrays are handed over.
 */
public final class ResampleAxis {
    /** Bits behind the point of the weights. */
    public static final int PRECISION_BITS = 22;

    private final int[] first;
    private final int[] taps;
    private final int[] start;
    private final int[] weights;
    private final int to;
    private final int mostTaps;

    /**
     * An axis of at least one output.
     *
     * @param first [outputs], first input of each, ascending
     * @param taps [outputs], inputs of each, at least 1
     * @param start [outputs], where its weights begin
     * @param weights magnitudes at most 2^29, so that their upper halves fit 16 bits
     */
    public ResampleAxis(int[] first, int[] taps, int[] start, int[] weights) {
        this.first = first;
        this.taps = taps;
        this.start = start;
        this.weights = weights;
        int end = 0;
        int most = 1;
        for (int o = 0; o < first.length; o++) {
            if (taps[o] < 1 || first[o] < (o == 0 ? 0 : first[o - 1]) || start[o] < 0
                    || start[o] > weights.length - taps[o]) {
                throw new IllegalArgumentException("outputs need ascending inputs: output=" + o + " first=" + first[o]
                        + " taps=" + taps[o] + " start=" + start[o] + " weights=" + weights.length);
            }
            end = Math.max(end, Math.addExact(first[o], taps[o]));
            most = Math.max(most, taps[o]);
        }
        this.to = end;
        this.mostTaps = most;
    }

    /** The axis that keeps inputs {@code from} to {@code from + count - 1} as they are. */
    public static ResampleAxis identity(int from, int count) {
        int[] first = new int[count];
        int[] taps = new int[count];
        int[] start = new int[count];
        for (int o = 0; o < count; o++) {
            first[o] = from + o;
            taps[o] = 1;
        }
        return new ResampleAxis(first, taps, start, new int[]{1 << PRECISION_BITS});
    }

    /** Number of outputs. */
    public int count() {
        return first.length;
    }

    /** First input of each output. Not a copy; do not write. */
    public int[] first() {
        return first;
    }

    /** Inputs of each output. Not a copy; do not write. */
    public int[] taps() {
        return taps;
    }

    /** Where the weights of each output begin. Not a copy; do not write. */
    public int[] start() {
        return start;
    }

    /** All weights. Not a copy; do not write. */
    public int[] weights() {
        return weights;
    }

    /** First input that any output needs. */
    public int from() {
        return first[0];
    }

    /** One behind the last input that any output needs. */
    public int to() {
        return to;
    }

    /** Inputs of the output that needs most. */
    public int mostTaps() {
        return mostTaps;
    }
}
