package org.clip4j.clip;

import java.util.List;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.weights.PreprocessSpec;

/** Bridges what a model file says about images and what the preprocessor understands. */
public final class Preprocessing {
    private Preprocessing() {}

    /** The preprocessor's configuration for a model. */
    public static PreprocessConfig of(PreprocessSpec spec) {
        return new PreprocessConfig(spec.size(), channels(spec.mean()), channels(spec.std()),
                PreprocessConfig.Interpolation.BICUBIC, PreprocessConfig.ResizeMode.SHORTEST_EDGE_CENTRE_CROP);
    }

    private static PreprocessConfig.Channels channels(List<Float> values) {
        return new PreprocessConfig.Channels(values.get(0), values.get(1), values.get(2));
    }
}
