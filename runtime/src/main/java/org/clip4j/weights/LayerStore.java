package org.clip4j.weights;

import org.clip4j.kernels.PackedWeights;

/** Where packed layers are kept between runs; asked and told while a model is loaded. For one thread. */
public interface LayerStore {
    /** Keeps nothing. */
    LayerStore NONE = new LayerStore() {
        @Override
        public PackedWeights find(String layer) {
            return null;
        }

        @Override
        public void packed(String layer, PackedWeights weights) {}
    };

    /**
     * What is kept of a layer.
     *
     * @param layer its name, such as {@code visual.proj}
     * @return null when nothing is, and the layer is to be packed
     */
    PackedWeights find(String layer);

    /**
     * Hears of a layer that was packed.
     *
     * @param weights as they lie in the model's memory; read as long as the model is open
     */
    void packed(String layer, PackedWeights weights);
}
