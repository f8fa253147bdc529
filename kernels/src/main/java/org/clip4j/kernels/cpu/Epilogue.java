package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Tensor;

/**
 * What follows a matrix product of an engine that has nothing but products: bias and activation, in one pass over the
 * result while it is in a cache. Immutable, shared by all sessions.
 */
@FunctionalInterface
public interface Epilogue {
    /**
     * Applies it in place to a part of a result, on the calling thread. Allocates nothing.
     *
     * @param lane of the calling thread
     * @param out the whole result, [rows, N]
     * @param fromRow inclusive
     * @param toRow exclusive
     * @param fromColumn inclusive
     * @param toColumn exclusive
     */
    void apply(CpuLane lane, Tensor out, int fromRow, int toRow, int fromColumn, int toColumn);
}
