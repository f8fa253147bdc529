package org.clip4j.kernels.reference;

import org.clip4j.kernels.Activation;

/** The activations by their definitions. */
public final class ReferenceActivation {
    private ReferenceActivation() {}

    /** activation(x). */
    public static double apply(Activation activation, double x) {
        return switch (activation) {
            case NONE -> x;
            case RELU -> Math.max(x, 0);
            // 1.702: QuickGELU, openai/CLIP clip/model.py
            case QUICK_GELU -> x / (1 + Math.exp(-1.702 * x));
            case GELU -> x * 0.5 * erfc(-x / Math.sqrt(2));
        };
    }

    /**
     * The complementary error function to about 1e-15: its Taylor series near zero, its continued fraction beyond.
     * Abramowitz and Stegun, 7.1.6 and 7.1.14.
     */
    public static double erfc(double x) {
        double z = Math.abs(x);
        double result;
        if (z < 3) {
            // erf(z) = 2/sqrt(pi) * exp(-z^2) * sum of 2^n z^(2n+1) / (1*3*...*(2n+1))
            double term = z;
            double sum = z;
            for (int n = 1; term > sum * 1e-17; n++) {
                term *= 2 * z * z / (2 * n + 1);
                sum += term;
            }
            result = 1 - 2 / Math.sqrt(Math.PI) * Math.exp(-z * z) * sum;
        } else {
            // erfc(z) = exp(-z^2) / sqrt(pi) * 1/(z + (1/2)/(z + (2/2)/(z + (3/2)/(z + ...))))
            double fraction = z;
            for (int n = 60; n > 0; n--) {
                fraction = z + n / 2.0 / fraction;
            }
            result = Math.exp(-z * z) / Math.sqrt(Math.PI) / fraction;
        }
        return x >= 0 ? result : 2 - result;
    }
}
