package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Tensor;

/**
 * What follows products of rows that were converted to bytes: the row's scale, bias, what the output holds where the
 * product is added to it, and an activation. For some columns of a layer. Immutable, shared by all sessions.
 */
@FunctionalInterface
public interface Dequantization {
    /**
     * Computes some rows of the output, on the calling thread. Allocates nothing.
     *
     * @param lane of the calling thread
     * @param call whose input was {@linkplain RowConversion converted}
     * @param sums [toRow - fromRow, columns] at its start, already scaled by column
     * @param fromRow of the input, inclusive
     * @param toRow exclusive
     * @param fromColumn of the output, to which the first column of the sums belongs
     */
    void run(CpuLane lane, PackedCall call, Tensor sums, int fromRow, int toRow, int fromColumn);
}
