package org.clip4j.weights;

import org.clip4j.kernels.PackedWeights;

/** Where packed layers are kept between runs; asked and told while a model is loaded. For one thread. */
@FunctionalInterface
public interface LayerStore {
    /** Keeps nothing. */
    LayerStore NONE = layer -> null;

    /**
     * What is kept of a layer.
     *
     * @param layer its name, such as {@code visual.proj}
     * @return null when nothing is, and the layer is to be packed
     */
    PackedWeights find(String layer);

    /** Whether {@link #packed} is to be told of layers; what it is told is not free. */
    default boolean keeps() {
        return false;
    }

    /**
     * Hears of a layer that was packed.
     *
     * @param weights as they lie in the model's memory, read as long as the model is open; null when the backend has
     *     nothing to keep
     */
    default void packed(String layer, PackedWeights weights) {
        throw new UnsupportedOperationException("nothing is kept: layer=" + layer);
    }
}
