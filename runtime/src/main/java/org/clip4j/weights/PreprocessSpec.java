package org.clip4j.weights;

import java.util.List;

/**
 * Image arithmetic that a model was trained with: shortest edge to R with Pillow's antialiased bicubic, centre crop,
 * then (u8 / 255 - mean) / std per channel. Other resize modes are refused when a checkpoint is converted.
 *
 * @param size R in pixels
 * @param mean red, green, blue
 * @param std red, green, blue
 */
public record PreprocessSpec(int size, List<Float> mean, List<Float> std) {
    /** Takes copies of the lists and checks their sizes. */
    public PreprocessSpec {
        mean = List.copyOf(mean);
        std = List.copyOf(std);
        if (mean.size() != 3 || std.size() != 3) {
            throw new IllegalArgumentException(
                    "mean and std have one value per colour: mean=" + mean.size() + " std=" + std.size());
        }
        Sizes.require("preprocess.size", size, 1 << 13);
    }
}
