package org.clip4j.image;

import java.util.Objects;
import org.clip4j.kernels.PlaneResamplerProvider;

/**
 * How a model wants its images: resize the shorter edge to {@code size} (bicubic, antialiased), crop the centre square,
 * scale to 0..1, subtract the mean and divide by the standard deviation of each channel.
 *
 * @param size
 *            edge of the square in pixels, 1 to 4096
 * @param mean
 *            per channel, of samples in 0..1
 * @param std
 *            per channel, not zero
 * @param interpolation
 *            the only one supported is bicubic
 * @param resizeMode
 *            the only one supported is shortest edge and centre crop
 */
public record PreprocessConfig(int size, Channels mean, Channels std, Interpolation interpolation,
        ResizeMode resizeMode) {
    private static final int MAX_SIZE = 4096;

    /** openai/CLIP clip/clip.py, _transform. */
    @SuppressWarnings("FloatingPointLiteralPrecision") // digits as in the source
    public static final Channels CLIP_MEAN = new Channels(0.48145466f, 0.4578275f, 0.40821073f);
    /** openai/CLIP clip/clip.py, _transform. */
    @SuppressWarnings("FloatingPointLiteralPrecision") // digits as in the source
    public static final Channels CLIP_STD = new Channels(0.26862954f, 0.26130258f, 0.27577711f);

    /** Checks that the size is in range, numbers are finite and no divisor is zero. */
    public PreprocessConfig {
        Objects.requireNonNull(mean, "mean");
        Objects.requireNonNull(std, "std");
        Objects.requireNonNull(interpolation, "interpolation");
        Objects.requireNonNull(resizeMode, "resizeMode");
        if (size < 1 || size > MAX_SIZE) {
            throw new IllegalArgumentException("image size out of range: size=" + size + " expected=1.." + MAX_SIZE);
        }
        if (std.red() == 0 || std.green() == 0 || std.blue() == 0 || !mean.isFinite() || !std.isFinite()) {
            throw new IllegalArgumentException(
                    "normalisation must be finite and std not zero: mean=" + mean + " std=" + std);
        }
    }

    /** What each sample of red, green and blue becomes, [3,256]: ((u8 / 255f) - mean) / std in float steps. */
    public float[] levels() {
        float[] levels = new float[3 * PlaneResamplerProvider.LEVELS];
        for (int channel = 0; channel < 3; channel++) {
            for (int value = 0; value < PlaneResamplerProvider.LEVELS; value++) {
                float unit = value / 255f;
                levels[channel * PlaneResamplerProvider.LEVELS + value] = (unit - mean.get(channel))
                        / std.get(channel);
            }
        }
        return levels;
    }

    /** The published CLIP models' preprocessing at a resolution. */
    public static PreprocessConfig clip(int size) {
        return new PreprocessConfig(size, CLIP_MEAN, CLIP_STD, Interpolation.BICUBIC,
                ResizeMode.SHORTEST_EDGE_CENTRE_CROP);
    }

    /** Resampling filters that are implemented exactly. */
    public enum Interpolation {
        /** Pillow's antialiased bicubic. */
        BICUBIC
    }

    /** Ways to the square that are implemented exactly. */
    public enum ResizeMode {
        /** The shorter edge to the size, then the square in the middle. */
        SHORTEST_EDGE_CENTRE_CROP
    }

    /**
     * One number for each colour.
     */
    public record Channels(float red, float green, float blue) {

        /** From three values in the order red, green, blue. */
        public static Channels of(float... values) {
            if (values.length != 3) {
                throw new IllegalArgumentException("channels: expected=3 actual=" + values.length);
            }
            return new Channels(values[0], values[1], values[2]);
        }

        /**
         * One of the three.
         *
         * @param channel
         *            0 red, 1 green, 2 blue
         * @throws IndexOutOfBoundsException
         *             for any other
         */
        public float get(int channel) {
            return switch (channel) {
                case 0 -> red;
                case 1 -> green;
                case 2 -> blue;
                default -> throw new IndexOutOfBoundsException("channel=" + channel + " expected=0..2");
            };
        }

        boolean isFinite() {
            return Float.isFinite(red) && Float.isFinite(green) && Float.isFinite(blue);
        }
    }
}
