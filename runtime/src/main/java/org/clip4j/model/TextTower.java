package org.clip4j.model;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.LayerStore;
import org.clip4j.weights.TensorSource;

/** A text encoder with its weights prepared. Immutable, shared by any number of sessions. */
public interface TextTower {
    /**
     * Prepares the tower that the configuration describes.
     *
     * @param arena receives what is packed
     * @param store asked for each layer first; what it has stays where it is
     */
    static TextTower prepare(Backend backend, Arena arena, ClipConfig config, TensorSource weights,
            LayerStore store) {
        return new TextTransformer(new Weights(backend, arena, weights, store), config.text(), config.embedDim());
    }

    /**
     * Allocates a session's activations.
     *
     * @param arena the session's; it owns the activations
     * @param maxTexts largest number of texts of one run
     * @param maxTokens largest number of tokens of all texts of one run together
     */
    default Pass newPass(ExecutionContext context, Arena arena, int maxTexts, int maxTokens) {
        return newPass(context, arena, maxTexts, maxTokens, true);
    }

    /**
     * Allocates a session's activations, for passes that may compute all tokens of all texts: to be compared with.
     *
     * @param sharing whether what texts begin with in common is computed once
     */
    Pass newPass(ExecutionContext context, Arena arena, int maxTexts, int maxTokens, boolean sharing);

    /** A forward pass over one session's activations; one thread at a time. */
    interface Pass {
        /**
         * Takes texts in. No token sees what follows it, so what lies behind the pooled token of a text is not computed, and
         * what texts begin with in common is computed once.
         *
         * @param ids token ids of all texts, one after another, each within the vocabulary
         * @param offsets texts + 1 ascending positions in {@code ids}; no text is empty or longer than the context
         */
        void take(int[] ids, int[] offsets, int texts);

        /** Tells apart passes that run different sequences of operations, see {@link ExecutionContext#replay}. */
        long key();

        /** Encodes the texts taken in last; the same sequence of operations whenever the key is the same. */
        void run();

        /** Takes texts in and encodes them. */
        default void run(int[] ids, int[] offsets, int texts) {
            take(ids, offsets, texts);
            run();
        }

        /** [maxTexts, E], not normalised. */
        Tensor output();

        /** Rows of the output that a run computes: as many as texts, or somewhat more. */
        int outputRows();

        /** Tokens of the last run up to and with the pooled ones. */
        int tokens();

        /** Tokens of the last run that were computed: the nodes of the trie of its texts. */
        int nodes();
    }
}
