package org.clip4j.kernels;

/** Multi-head attention over ragged segments, so that texts of any length and images use one operation. */
@FunctionalInterface
public interface Attention {
    /**
     * out = softmax(q * k' / sqrt(headWidth)) * v, per head and segment.
     *
     * @param input queries, keys and values, and the segments that they fall into
     * @param out [queries, heads * headWidth]; must not overlap the inputs
     */
    void run(ExecutionContext context, AttentionInput input, Tensor out);
}
