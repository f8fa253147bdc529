package org.clip4j.kernels.cpu;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Tensor;

/**
 * A linear layer that its engine has packed. Lanes take parts of the columns; where these are few and the rows many, parts
 * are blocks of rows too.
 */
final class CpuPackedLinear implements Linear, CpuOperation {
    /** Blocks begin at multiples of so many rows, so that an engine cuts a block's rows as it would cut all of them. */
    static final int ROW_GROUP = 64;

    private final PackedLayer layer;

    CpuPackedLinear(PackedLayer layer) {
        this.layer = layer;
    }

    @Override
    public int inFeatures() {
        return layer.inFeatures();
    }

    @Override
    public int outFeatures() {
        return layer.outFeatures();
    }

    @Override
    public PackedWeights packed() {
        return layer.packed();
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
        if (rows == 0) {
            return;
        }
        call.count = rows;
        call.packed.input(x, x.rowStride(), rows).output(out, 0, add);
        int floats = layer.preparedFloats(rows);
        if (floats > 0) {
            call.packed.prepared(CpuContext.scratch(context, floats));
            call.preparing = true;
            CpuContext.run(context);
            call.preparing = false;
        }
        CpuContext.run(context);
    }

    @Override
    public int parts(CpuCall call, int lanes) {
        return call.preparing
                ? CpuOperation.super.parts(call, lanes)
                : layer.parts() * rowBlocks(layer, call.count, lanes);
    }

    /** Blocks of rows that the parts of a layer are to be cut into, so that all lanes have work. */
    static int rowBlocks(PackedLayer layer, int rows, int lanes) {
        int wanted = lanes == 1 ? 1 : (lanes * PARTS_PER_LANE + layer.parts() - 1) / layer.parts();
        return Math.min(wanted, (rows + ROW_GROUP - 1) / ROW_GROUP);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        if (call.preparing) {
            int from = CpuOperation.share(call.count, part, parts);
            int to = CpuOperation.share(call.count, part + 1, parts);
            layer.prepare(lane, call.packed, from, to);
            return;
        }
        runPart(layer, call.packed, lane, part, parts);
    }

    /** Computes part {@code part} of {@code parts}, which is a multiple of the layer's parts. */
    static void runPart(PackedLayer layer, PackedCall packed, CpuLane lane, int part, int parts) {
        int blocks = parts / layer.parts();
        int block = part / layer.parts();
        int from = CpuOperation.share(packed.rows(), ROW_GROUP, block, blocks);
        int to = CpuOperation.share(packed.rows(), ROW_GROUP, block + 1, blocks);
        if (from < to) {
            layer.run(lane, packed, part % layer.parts(), from, to);
        }
    }
}
