package org.clip4j.model;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.LayerStore;
import org.clip4j.weights.TensorSource;
import org.clip4j.weights.VisionConfig;

/** An image encoder with its weights prepared. Immutable, shared by any number of sessions. */
public interface ImageTower {
    /**
     * Prepares whichever kind of tower the configuration describes.
     *
     * @param arena receives what is packed
     * @param store asked for each layer first; what it has stays where it is
     */
    static ImageTower prepare(Backend backend, Arena arena, ClipConfig config, TensorSource weights,
            LayerStore store) {
        Weights visual = new Weights(backend, arena, weights, store);
        if (config.vision() instanceof VisionConfig.Transformer vit) {
            return new VisionTransformer(visual, vit, config.embedDim());
        }
        return new ModifiedResNet(visual, (VisionConfig.ModifiedResNet) config.vision(), config.embedDim());
    }

    /**
     * Whether one pixel that is NaN or infinite makes all of its image's embedding NaN, so that who looks at the embedding
     * need not look at the pixels.
     */
    boolean spreadsNonFinite();

    /**
     * Allocates a session's activations.
     *
     * @param arena the session's; it owns the activations
     * @param maxImages largest batch of one run
     */
    Pass newPass(ExecutionContext context, Arena arena, int maxImages);

    /** A forward pass over one session's activations; one thread at a time. */
    interface Pass {
        /** Where the caller puts preprocessed pixels, [maxImages, 3, R, R]. */
        Tensor input();

        /** Encodes the first {@code images} of the input; rows of the result stay until the next run. */
        void run(int images);

        /** [maxImages, E], not normalised. */
        Tensor output();
    }
}
