package org.clip4j.kernels;

/** How far a single-precision activation may be from its definition. */
final class ActivationLimit {
    /** What exp in f32 promises, relative: a polynomial with remainder 6e-9 and about 3 roundings. */
    private static final double EXP = 2e-7;
    /** Fractional error of the Chebyshev fit of erfc: Numerical Recipes, erfcc. */
    private static final double ERFC = 1.2e-7;
    /** exp may give 0 below this, the smallest normal f32. */
    private static final double SMALLEST_EXP = 0x1p-126;

    private ActivationLimit() {}

    /**
     * Limit for activation(y) when what is computed is activation(y + d), |d| below {@code argumentError}.
     *
     * @param y the exact argument
     */
    static double of(Activation activation, double y, double argumentError) {
        // The steepest slopes: 1.129 for GELU, 1.0998 for QuickGELU.
        double slope = activation == Activation.GELU ? 1.13 : activation == Activation.QUICK_GELU ? 1.1 : 1;
        return slope * argumentError + own(activation, y) + Float.MIN_VALUE;
    }

    private static double own(Activation activation, double y) {
        double magnitude = Math.abs(y);
        return switch (activation) {
            case NONE, RELU -> magnitude * Trial.EPSILON;
            case QUICK_GELU -> {
                // The argument of exp is rounded twice, and once more when it becomes a power of two; a quotient, a sum.
                double relative = EXP + (3 * 1.702 * magnitude + 3) * Trial.EPSILON;
                double value = magnitude / (1 + Math.exp(-1.702 * y));
                // Sums with a large exp inherit all of its error, sums with a small one none; where exp is infinite or
                // zero, |y| is below 89 / 1.702 or the exact value is.
                yield value * relative + Math.min(magnitude, 53) * SMALLEST_EXP;
            }
            case GELU -> {
                double square = y * y / 2;
                // z^2 carries 5 roundings, its sums and the factor log2(e) three more; the polynomial about 16.
                double relative = ERFC + EXP + (16 + 8 * square) * Trial.EPSILON;
                double tail = magnitude * upperTail(magnitude);
                yield tail * relative + magnitude * (y > 0 ? 1 : 0) * Trial.EPSILON
                        + Math.min(magnitude, 14) * SMALLEST_EXP;
            }
        };
    }

    /** At least the normal distribution's upper tail: min(1/2, density / x), Feller's bound. */
    private static double upperTail(double x) {
        return Math.min(0.5, Math.exp(-x * x / 2) / (x * Math.sqrt(2 * Math.PI)));
    }
}
