package org.clip4j.kernels;

/** A prepared token embedding with learned positions. */
@FunctionalInterface
public interface TokenEmbedding {
    /**
     * out[i] = table[ids[i]] + positions[i - start of its text].
     *
     * @param ids token ids of all texts, one after another, each within the vocabulary
     * @param offsets texts + 1 positions in {@code ids}, the first one 0
     * @param out [offsets[texts], D]
     */
    void run(ExecutionContext context, int[] ids, int[] offsets, int texts, Tensor out);
}
