package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Tensor;

/** Rows in plain Java. */
final class JavaRowKernels implements RowKernels {
    @Override
    public String description() {
        return "rows in plain Java";
    }

    @Override
    public RowOperation layerNorm(Arena arena, Tensor gain, Tensor bias, float epsilon) {
        return new JavaLayerNorm(CpuBackend.toArray(gain), CpuBackend.toArray(bias), epsilon);
    }

    @Override
    public RowOperation l2Normalize(int width) {
        return new JavaL2Normalize(width);
    }

    @Override
    public AttentionOperation attention(int heads, int headWidth, boolean causal) {
        return new JavaAttention(heads, headWidth, causal);
    }

    @Override
    public Epilogue epilogue(Arena arena, Tensor bias, Activation activation) {
        return new JavaEpilogue(bias, activation);
    }

    @Override
    public RowConversion toBf16(int depth) {
        return (lane, call, fromRow, toRow) -> lane.converter().toBf16(call, depth, fromRow, toRow);
    }

    @Override
    public RowConversion toBytes(int depth) {
        return (lane, call, fromRow, toRow) -> lane.converter().toBytes(call, depth, fromRow, toRow);
    }

    @Override
    public Dequantization dequantization(Arena arena, Tensor bias, Activation activation) {
        return new JavaDequantization(CpuBackend.toArray(bias), activation);
    }
}
