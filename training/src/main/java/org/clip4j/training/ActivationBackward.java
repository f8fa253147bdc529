package org.clip4j.training;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.cpu.RowMath;

/** Derivatives of activations over a stretch of a row; belongs to one lane. */
final class ActivationBackward {
    /** 1.702: QuickGELU, openai/CLIP clip/model.py. */
    private static final float QUICK_GELU = 1.702f;
    private static final float SQRT_HALF = 0.70710678118654752f;
    /** 1 / sqrt(2 pi): the normal density at zero. */
    private static final float DENSITY_AT_ZERO = 0.39894228040143268f;

    private final RowMath math;
    private final float[] sums = new float[RowMath.BLOCK];
    private final float[] gradient = new float[RowMath.BLOCK];
    private final float[] tail = new float[RowMath.BLOCK];

    ActivationBackward(RowMath math) {
        this.math = math;
    }

    static void require(Activation activation) {
        if (activation == Activation.RELU) {
            throw new IllegalArgumentException("no transformer of CLIP has this activation: " + activation);
        }
    }

    /** What the activation was given. */
    float[] sums() {
        return sums;
    }

    /** Of the activation's result before {@link #run}, of the sums after it. */
    float[] gradient() {
        return gradient;
    }

    void run(Activation activation, int length) {
        switch (activation) {
            case NONE -> {}
            case QUICK_GELU -> quickGelu(length);
            case GELU -> gelu(length);
            case RELU -> require(activation);
        }
    }

    private void quickGelu(int length) {
        float[] power = math.row();
        for (int i = 0; i < length; i++) {
            power[i] = sums[i] * -QUICK_GELU;
        }
        math.expShifted(0f, length);
        for (int i = 0; i < length; i++) {
            float sigmoid = 1f / (1f + power[i]);
            gradient[i] *= sigmoid * (1f + QUICK_GELU * sums[i] * (1f - sigmoid));
        }
    }

    /** Phi(x) + x * phi(x), with the Chebyshev fit of erfc in Numerical Recipes (erfcc) as in {@link RowMath}. */
    private void gelu(int length) {
        float[] power = math.row();
        for (int i = 0; i < length; i++) {
            float z = Math.abs(sums[i]) * SQRT_HALF;
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
            power[i] = p * t - 1.26551223f - z * z;
            tail[i] = 0.5f * t;
        }
        math.expShifted(0f, length);
        for (int i = 0; i < length; i++) {
            tail[i] *= power[i]; // Phi(-|x|)
            power[i] = -0.5f * sums[i] * sums[i];
        }
        math.expShifted(0f, length);
        for (int i = 0; i < length; i++) {
            float cumulative = sums[i] < 0 ? tail[i] : 1f - tail[i];
            gradient[i] *= cumulative + sums[i] * (DENSITY_AT_ZERO * power[i]);
        }
    }
}
