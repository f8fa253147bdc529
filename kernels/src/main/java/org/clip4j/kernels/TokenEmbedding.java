package org.clip4j.kernels;

/** A prepared token embedding with learned positions. */
@FunctionalInterface
public interface TokenEmbedding {
    /**
     * out[i] = table[ids[i]] + positions[places[i]].
     *
     * @param ids token ids of at least {@code tokens} tokens, each within the vocabulary
     * @param places of the tokens in their texts, each within the context
     * @param out [tokens, D]
     */
    void run(ExecutionContext context, int[] ids, int[] places, int tokens, Tensor out);
}
