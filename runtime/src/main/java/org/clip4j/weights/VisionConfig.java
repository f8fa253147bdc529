package org.clip4j.weights;

import java.util.List;
import org.clip4j.kernels.Activation;

/** Hyper-parameters of an image tower. */
public sealed interface VisionConfig {
    /** R, height and width of the input in pixels. */
    int imageResolution();

    /**
     * A vision transformer.
     *
     * @param imageResolution R in pixels, a multiple of the patch size
     * @param patchSize P in pixels
     * @param width D
     * @param layers number of residual attention blocks
     * @param heads attention heads; D is a multiple of it
     * @param mlpWidth width of the hidden layer of a block's MLP, 4 D in all published models
     * @param activation of the MLPs
     */
    record Transformer(int imageResolution, int patchSize, int width, int layers, int heads, int mlpWidth,
            Activation activation) implements VisionConfig {
        /** Checks that the sizes are possible. */
        public Transformer {
            Sizes.require("vision.image_resolution", imageResolution, 1 << 13);
            Sizes.require("vision.patch_size", patchSize, imageResolution);
            Sizes.requireMultiple("vision.image_resolution", imageResolution, patchSize);
            Sizes.requireTransformer("vision", width, layers, heads, mlpWidth);
        }

        /** G, patches along one side. */
        public int grid() {
            return imageResolution / patchSize;
        }
    }

    /**
     * A modified ResNet (three-convolution stem, anti-aliasing average pools, attention pool).
     *
     * @param imageResolution R in pixels, a multiple of 32
     * @param layers blocks of each of the four stages
     * @param width channels of the stem's output; the last stage has 32 times as many
     * @param heads of the attention pool
     */
    record ModifiedResNet(int imageResolution, List<Integer> layers, int width, int heads) implements VisionConfig {
        /** Takes a copy of the list and checks that the sizes are possible. */
        public ModifiedResNet {
            layers = List.copyOf(layers);
            Sizes.require("vision.image_resolution", imageResolution, 1 << 13);
            Sizes.requireMultiple("vision.image_resolution", imageResolution, 32);
            if (layers.size() != 4) {
                throw new IllegalArgumentException(
                        "vision.layers has one number per stage: expected=4 actual=" + layers.size());
            }
            for (int blocks : layers) {
                Sizes.require("vision.layers", blocks, Sizes.MAX_LAYERS);
            }
            Sizes.require("vision.width", width, 1 << 11);
            Sizes.requireMultiple("vision.width", width, 2);
            Sizes.require("vision.heads", heads, 32 * width);
            Sizes.requireMultiple("32 * vision.width", 32 * width, heads);
        }
    }
}
