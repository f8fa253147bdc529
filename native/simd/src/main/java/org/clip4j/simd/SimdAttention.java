package org.clip4j.simd;

import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.AttentionOperation;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.NativeRows;

/** Attention by the library, all pairs in one call; see src/main/cpp/attention.h. */
final class SimdAttention implements AttentionOperation {
    private final long kernels;
    private final int heads;
    private final int headWidth;
    private final boolean causal;
    private final float scale;

    SimdAttention(long kernels, int heads, int headWidth, boolean causal) {
        this.kernels = kernels;
        this.heads = heads;
        this.headWidth = headWidth;
        this.causal = causal;
        this.scale = (float) (1 / Math.sqrt(headWidth));
    }

    @Override
    public void run(CpuLane lane, AttentionInput input, Tensor out, int fromPair, int toPair) {
        Tensor q = input.queries();
        Tensor k = input.keys();
        Tensor v = input.values();
        Tensor scratch = lane.scratch(scratchFloats(input, fromPair / heads, (toPair - 1) / heads + 1));
        SimdLibrary.attention(kernels, heads, headWidth, causal, scale, NativeRows.address(q), q.rowStride(),
                NativeRows.address(k), k.rowStride(), NativeRows.address(v), v.rowStride(), NativeRows.address(out),
                out.rowStride(), input.queryOffsets(), input.keyOffsets(), input.keyRows(), fromPair, toPair,
                scratch.address());
    }

    private int scratchFloats(AttentionInput input, int fromSegment, int toSegment) {
        int longest = 0;
        for (int segment = fromSegment; segment < toSegment; segment++) {
            longest = Math.max(longest, input.keyOffset(segment + 1) - input.keyOffset(segment));
        }
        int offsets = 2 * (toSegment - fromSegment + 1);
        int rows = input.keyRows() == null ? 0 : input.keyOffset(toSegment) - input.keyOffset(fromSegment);
        return Math.toIntExact(
                SimdLibrary.attentionFloats(kernels, headWidth, longest, Math.addExact(offsets, rows)));
    }
}
