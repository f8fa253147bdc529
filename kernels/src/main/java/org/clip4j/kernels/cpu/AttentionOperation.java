package org.clip4j.kernels.cpu;

import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Tensor;

/** Attention, one head of one segment after the other. Immutable, shared by all sessions. */
@FunctionalInterface
public interface AttentionOperation {
    /**
     * Computes some pairs of segment and head, on the calling thread; pair {@code p} is head {@code p % heads} of segment
     * {@code p / heads}. Allocates nothing once the lane's scratch is large enough.
     *
     * @param lane of the calling thread
     * @param out [queries, heads * headWidth]
     * @param fromPair inclusive
     * @param toPair exclusive
     */
    void run(CpuLane lane, AttentionInput input, Tensor out, int fromPair, int toPair);
}
