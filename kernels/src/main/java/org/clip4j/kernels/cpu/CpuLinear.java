package org.clip4j.kernels.cpu;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** Each part multiplies with its own rows of the weight, or, when there are many rows of input, takes some of those. */
final class CpuLinear implements Linear, CpuOperation {
    /** Columns are dealt out in whole cache lines, so that two lanes never write to the same one. */
    static final int COLUMN_GROUP = 16;

    private final Tensor weight; // [N,K]
    private final Epilogue epilogue;

    CpuLinear(Tensor weight, Epilogue epilogue) {
        this.weight = weight;
        this.epilogue = epilogue;
    }

    @Override
    public int inFeatures() {
        return weight.columns();
    }

    @Override
    public int outFeatures() {
        return weight.rows();
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int rows, Tensor out) {
        start(context, x, rows, out, false);
    }

    @Override
    public void runAdd(ExecutionContext context, Tensor x, int rows, Tensor out) {
        start(context, x, rows, out, true);
    }

    private void start(ExecutionContext context, Tensor x, int rows, Tensor out, boolean add) {
        Operands.requireMatrix("x", x, rows, inFeatures());
        Operands.requireMatrix("out", out, rows, outFeatures());
        CpuCall call = CpuContext.call(context, this);
        call.x = x;
        call.out = out;
        call.count = rows;
        call.add = add;
        CpuContext.run(context);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        int n = weight.rows();
        boolean byRows = call.count >= n;
        int fromRow = byRows ? CpuOperation.share(call.count, part, parts) : 0;
        int toRow = byRows ? CpuOperation.share(call.count, part + 1, parts) : call.count;
        int fromColumn = byRows ? 0 : CpuOperation.share(n, COLUMN_GROUP, part, parts);
        int toColumn = byRows ? n : CpuOperation.share(n, COLUMN_GROUP, part + 1, parts);
        if (fromRow == toRow || fromColumn == toColumn) {
            return;
        }
        int k = weight.columns();
        Tensor x = call.x;
        Tensor out = call.out;
        lane.product().a(x, fromRow * x.rowStride(), x.rowStride())
                .bTransposed(weight, fromColumn * k, k)
                .c(out, fromRow * out.rowStride() + fromColumn, out.rowStride(), call.add)
                .size(toRow - fromRow, toColumn - fromColumn, k, 1f);
        lane.multiply();
        epilogue.apply(lane, out, fromRow, toRow, fromColumn, toColumn);
    }
}
