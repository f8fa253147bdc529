package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** The pairs of segment and head are dealt out to lanes. */
final class CpuAttention implements Attention, CpuOperation {
    private final int heads;
    private final int width;
    private final AttentionOperation operation;

    CpuAttention(int heads, int headWidth, AttentionOperation operation) {
        this.heads = heads;
        this.width = Math.multiplyExact(heads, headWidth);
        this.operation = operation;
    }

    @Override
    public void run(ExecutionContext context, AttentionInput input, Tensor out) {
        Operands.checkAttention(input, width, out);
        CpuCall call = CpuContext.call(context, this);
        call.attention = input;
        call.out = out;
        CpuContext.run(context);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        int pairs = call.attention.segments() * heads;
        int from = CpuOperation.share(pairs, part, parts);
        int to = CpuOperation.share(pairs, part + 1, parts);
        if (from < to) {
            operation.run(lane, call.attention, call.out, from, to);
        }
    }
}
