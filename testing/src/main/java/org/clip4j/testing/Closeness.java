package org.clip4j.testing;

import java.util.Arrays;

/** Compares computed numbers with expected ones, each with a limit of its own. */
public final class Closeness {
    private Closeness() {}

    /**
     * Fails unless every {@code |actual - expected| <= limit}; NaN fails.
     *
     * @param what is compared, with the seed of its data
     * @throws AssertionError that names the worst index, its numbers and how many are outside
     */
    public static void assertClose(String what, double[] expected, double[] actual, double[] limit) {
        if (expected.length != actual.length || limit.length != actual.length) {
            throw new AssertionError(what + ": lengths differ: expected=" + expected.length + " actual="
                    + actual.length + " limits=" + limit.length);
        }
        int outside = 0;
        int worst = -1;
        double worstRatio = 0;
        for (int i = 0; i < expected.length; i++) {
            double error = Math.abs(actual[i] - expected[i]);
            if (!(error <= limit[i])) {
                outside++;
                double ratio = Double.isNaN(error) ? Double.POSITIVE_INFINITY : error / limit[i];
                if (worst < 0 || ratio > worstRatio) {
                    worst = i;
                    worstRatio = ratio;
                }
            }
        }
        if (outside > 0) {
            throw new AssertionError(what + ": worst index=" + worst + " expected=" + expected[worst] + " actual="
                    + actual[worst] + " limit=" + limit[worst] + "; values outside=" + outside + " of "
                    + expected.length);
        }
    }

    /** The same limit for all values. */
    public static void assertClose(String what, double[] expected, double[] actual, double limit) {
        double[] limits = new double[expected.length];
        Arrays.fill(limits, limit);
        assertClose(what, expected, actual, limits);
    }
}
