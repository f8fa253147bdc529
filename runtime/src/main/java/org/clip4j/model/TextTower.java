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
     * @param maxNodes largest number of tokens that one run computes: those that texts have in common count once
     */
    default Pass newPass(ExecutionContext context, Arena arena, int maxTexts, int maxNodes) {
        return newPass(context, arena, maxTexts, maxNodes, true);
    }

    /**
     * Allocates a session's activations, for passes that may compute all tokens of all texts: to be compared with.
     *
     * @param sharing whether what texts begin with in common is computed once
     */
    Pass newPass(ExecutionContext context, Arena arena, int maxTexts, int maxNodes, boolean sharing);

    /** A forward pass over one session's activations; one thread at a time. */
    interface Pass {
        /** Forgets all texts. */
        void clear();

        /**
         * Takes a text in. No token sees what follows it, so what lies behind the pooled token is not computed, and what the
         * text begins with in common with others is computed once.
         *
         * @param ids the text is {@code ids[from]} to {@code ids[to - 1]}, each within the vocabulary; neither empty nor longer
         *     than the context
         * @return false, and nothing is taken in, when there is no room for it; for the first one there is, in a pass of at
         *     least as many nodes as the context has tokens
         */
        boolean add(int[] ids, int from, int to);

        /** Number of texts taken in. */
        int texts();

        /** Makes the texts taken in those of the next run. */
        void settle();

        /**
         * Takes in as many tokens of as many texts as there is room for, of no meaning: a run of them takes the most memory.
         */
        void fill();

        /** Tells apart passes that run different sequences of operations, see {@link ExecutionContext#replay}. */
        long key();

        /** Encodes the settled texts; the same sequence of operations whenever the key is the same. */
        void run();

        /** [maxTexts, E], not normalised. */
        Tensor output();

        /** Rows of the output that a run computes: as many as texts, or somewhat more. */
        int outputRows();

        /** Tokens of the settled texts up to and with the pooled ones. */
        int tokens();

        /** Those of them that are computed: the nodes of the trie of the texts. */
        int nodes();
    }
}
