package org.clip4j.weights;

import java.util.Objects;

/**
 * Everything about a model that is not a weight. Nothing here is assumed: activation, head counts, pooling and image
 * arithmetic are properties of the checkpoint that the model came from.
 *
 * @param embedDim E, width of the space that both towers project into
 * @param vision the image tower
 * @param text the text tower
 * @param preprocess how an image file becomes the image tower's input
 */
public record ClipConfig(int embedDim, VisionConfig vision, TextConfig text, PreprocessSpec preprocess) {
    /** Checks that nothing is missing and the sizes are possible. */
    public ClipConfig {
        Objects.requireNonNull(vision, "vision");
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(preprocess, "preprocess");
        Sizes.require("embed_dim", embedDim, Sizes.MAX_WIDTH);
    }
}
