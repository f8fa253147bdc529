package org.clip4j.benchmarks;

import java.awt.image.BufferedImage;
import java.nio.FloatBuffer;
import org.clip4j.image.PreprocessConfig;

/**
 * The antialiased bicubic of Pillow for single pixels, in double precision and without the 8-bit steps between: tells a
 * wrong filter, crop or channel from rounding. Stateless.
 *
 * <p>Source: python-pillow/Pillow src/libImaging/Resample.c, a = -0.5.
 */
final class ResizeOracle {
    private static final double A = -0.5;
    private static final int SUPPORT = 2;
    /** Sampled rows and columns: a prime step that hits the first ones. */
    private static final int STEP = 13;
    /**
     * Levels by which the exact pixel may differ: half a level of rounding after each direction, the first of them
     * amplified by the filter's negative lobes (sum of magnitudes below 1.4), and one level between JPEG decoders.
     */
    private static final double LIMIT = 0.5 * 1.4 + 0.5 + 1;

    private ResizeOracle() {}

    /**
     * Checks sampled values of a preprocessed picture.
     *
     * @param tensor [3,n,n], normalised
     * @throws IllegalStateException with the first value that is off
     */
    static void check(String who, BufferedImage picture, FloatBuffer tensor, int n) {
        int width = picture.getWidth();
        int height = picture.getHeight();
        double scale = (double) Math.min(width, height) / n;
        int resizedWidth = width <= height ? n : (int) ((double) n * width / height);
        int resizedHeight = width <= height ? (int) ((double) n * height / width) : n;
        // Half to even, as Python rounds.
        int left = (int) Math.rint((resizedWidth - n) / 2.0);
        int top = (int) Math.rint((resizedHeight - n) / 2.0);
        if (scale < 1) {
            throw new IllegalArgumentException("picture is smaller than the result: width=" + width + " height="
                    + height + " n=" + n);
        }
        for (int y = 0; y < n; y += STEP) {
            double[] rows = weights(height, resizedHeight, top + y);
            for (int x = 0; x < n; x += STEP) {
                double[] columns = weights(width, resizedWidth, left + x);
                for (int channel = 0; channel < 3; channel++) {
                    double expected = clamp(filtered(picture, columns, rows, channel));
                    double actual = denormalized(tensor.get((channel * n + y) * n + x), channel);
                    // Negated, so that NaN fails.
                    if (!(Math.abs(expected - actual) <= LIMIT)) {
                        throw new IllegalStateException("wrong answer, nothing is timed: who=" + who + " x=" + x
                                + " y=" + y + " channel=" + channel + " expected=" + expected + " actual=" + actual
                                + " limit=" + LIMIT);
                    }
                }
            }
        }
    }

    /** Position of the first source pixel, then the weights. */
    private static double[] weights(int source, int target, int position) {
        double scale = (double) source / target;
        double center = (position + 0.5) * scale;
        double support = SUPPORT * scale;
        int from = Math.max(0, (int) (center - support + 0.5));
        int to = Math.min(source, (int) (center + support + 0.5));
        double[] weights = new double[1 + to - from];
        weights[0] = from;
        double sum = 0;
        for (int i = from; i < to; i++) {
            weights[1 + i - from] = cubic((i - center + 0.5) / scale);
            sum += weights[1 + i - from];
        }
        for (int i = 1; i < weights.length; i++) {
            weights[i] /= sum;
        }
        return weights;
    }

    private static double cubic(double distance) {
        double x = Math.abs(distance);
        if (x < 1) {
            return ((A + 2) * x - (A + 3)) * x * x + 1;
        }
        return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
    }

    private static double filtered(BufferedImage picture, double[] columns, double[] rows, int channel) {
        double sum = 0;
        for (int y = 1; y < rows.length; y++) {
            double row = 0;
            for (int x = 1; x < columns.length; x++) {
                int pixel = picture.getRGB((int) columns[0] + x - 1, (int) rows[0] + y - 1);
                row += columns[x] * ((pixel >> (16 - 8 * channel)) & 0xFF);
            }
            sum += rows[y] * clamp(row);
        }
        return sum;
    }

    private static double clamp(double level) {
        return Math.max(0, Math.min(255, level));
    }

    private static double denormalized(float value, int channel) {
        return (value * PreprocessConfig.CLIP_STD.get(channel) + PreprocessConfig.CLIP_MEAN.get(channel)) * 255;
    }
}
