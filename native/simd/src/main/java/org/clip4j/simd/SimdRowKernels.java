package org.clip4j.simd;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.AttentionOperation;
import org.clip4j.kernels.cpu.Dequantization;
import org.clip4j.kernels.cpu.Epilogue;
import org.clip4j.kernels.cpu.NativeRows;
import org.clip4j.kernels.cpu.NearestScan;
import org.clip4j.kernels.cpu.RowConversion;
import org.clip4j.kernels.cpu.RowKernels;
import org.clip4j.kernels.cpu.RowOperation;

/** Rows by the library. */
final class SimdRowKernels implements RowKernels {
    private final long kernels;

    /**
     * The library is loaded.
     *
     * @param kernels of {@link SimdLibrary#kernels}
     */
    SimdRowKernels(long kernels) {
        this.kernels = kernels;
    }

    @Override
    public String description() {
        return "rows in C++ for " + SimdLibrary.name(kernels);
    }

    @Override
    public RowOperation layerNorm(Arena arena, Tensor gain, Tensor bias, float epsilon) {
        int width = gain.columns();
        Tensor ownGain = arena.copyAsF32(gain);
        Tensor ownBias = arena.copyAsF32(bias);
        return (lane, x, out, from, to) -> SimdLibrary.layerNorm(kernels, NativeRows.address(x, from), x.rowStride(),
                NativeRows.address(out, from), out.rowStride(), to - from, width, ownGain.address(), ownBias.address(),
                epsilon);
    }

    @Override
    public RowOperation l2Normalize(int width) {
        return (lane, x, out, from, to) -> SimdLibrary.l2Normalize(kernels, NativeRows.address(x, from),
                x.rowStride(), NativeRows.address(out, from), out.rowStride(), to - from, width);
    }

    @Override
    public NearestScan nearestScan() {
        return new SimdNearestScan(kernels);
    }

    @Override
    public AttentionOperation attention(int heads, int headWidth, boolean causal) {
        return new SimdAttention(kernels, heads, headWidth, causal);
    }

    @Override
    public Epilogue epilogue(Arena arena, Tensor bias, Activation activation) {
        if (bias == null && activation == Activation.NONE) {
            return (lane, out, fromRow, toRow, fromColumn, toColumn) -> {};
        }
        int number = SimdLibrary.number(activation);
        Tensor ownBias = bias == null ? null : arena.copyAsF32(bias);
        return (lane, out, fromRow, toRow, fromColumn, toColumn) -> {
            long column = (long) fromColumn * Float.BYTES;
            long start = NativeRows.address(out, fromRow) + column;
            SimdLibrary.epilogue(kernels, start, out.rowStride(), 0, start, out.rowStride(), toRow - fromRow,
                    toColumn - fromColumn, ownBias == null ? 0 : ownBias.address() + column, number, false);
        };
    }

    @Override
    public RowConversion toBf16(int depth) {
        return (lane, call, fromRow, toRow) -> SimdLibrary.toBf16(kernels, call.xAddress(fromRow), call.xStride(),
                toRow - fromRow, depth, call.prepared().address() + (long) fromRow * depth * Short.BYTES);
    }

    @Override
    public RowConversion toBytes(int depth) {
        return (lane, call, fromRow, toRow) -> {
            long scales = call.prepared().address();
            SimdLibrary.toBytes(kernels, call.xAddress(fromRow), call.xStride(), toRow - fromRow, depth,
                    scales + RowConversion.firstByte(call.rows()) + (long) fromRow * depth,
                    scales + (long) fromRow * Float.BYTES);
        };
    }

    @Override
    public Dequantization dequantization(Arena arena, Tensor bias, Activation activation) {
        return new SimdDequantization(kernels, arena.copyAsF32(bias), SimdLibrary.number(activation));
    }
}
