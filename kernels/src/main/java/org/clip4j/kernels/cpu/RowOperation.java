package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Tensor;

/** A function of each row of a matrix alone. Immutable, shared by all sessions. */
@FunctionalInterface
public interface RowOperation {
    /**
     * Computes some of the rows, on the calling thread. Allocates nothing.
     *
     * @param lane of the calling thread
     * @param out may be {@code x}
     * @param fromRow inclusive
     * @param toRow exclusive
     */
    void run(CpuLane lane, Tensor x, Tensor out, int fromRow, int toRow);
}
