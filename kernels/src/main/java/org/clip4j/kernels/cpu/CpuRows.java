package org.clip4j.kernels.cpu;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** An operation on rows, which are dealt out to lanes. */
final class CpuRows implements LayerNorm, L2Normalize, CpuOperation {
    private final int width;
    private final RowOperation operation;

    CpuRows(int width, RowOperation operation) {
        this.width = width;
        this.operation = operation;
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int rows, Tensor out) {
        Operands.requireMatrix("x", x, rows, width);
        Operands.requireMatrix("out", out, rows, width);
        CpuCall call = CpuContext.call(context, this);
        call.x = x;
        call.out = out;
        call.count = rows;
        CpuContext.run(context);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        int from = CpuOperation.share(call.count, part, parts);
        int to = CpuOperation.share(call.count, part + 1, parts);
        if (from < to) {
            operation.run(lane, call.x, call.out, from, to);
        }
    }
}
