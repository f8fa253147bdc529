package org.clip4j.simd;

import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.Dequantization;
import org.clip4j.kernels.cpu.NativeRows;
import org.clip4j.kernels.cpu.PackedCall;

/** By the library. */
final class SimdDequantization implements Dequantization {
    private final long kernels;
    private final Tensor bias; // [columns]
    private final int activation;

    SimdDequantization(long kernels, Tensor bias, int activation) {
        this.kernels = kernels;
        this.bias = bias;
        this.activation = activation;
    }

    @Override
    public void run(CpuLane lane, PackedCall call, Tensor sums, int fromRow, int toRow, int fromColumn) {
        int columns = bias.elements();
        SimdLibrary.epilogue(kernels, NativeRows.address(sums), columns,
                call.prepared().address() + (long) fromRow * Float.BYTES,
                call.outAddress(fromRow) + (long) fromColumn * Float.BYTES, call.out().rowStride(), toRow - fromRow,
                columns, bias.address(), activation, call.add());
    }
}
