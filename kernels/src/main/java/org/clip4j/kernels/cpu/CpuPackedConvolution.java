package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Tensor;

/**
 * Gathers patches and multiplies them with packed weights. Many rows: lanes take chunks of rows, and gather each into
 * their own scratch. Few rows: all patches are gathered first, then lanes take parts of the columns.
 */
final class CpuPackedConvolution implements Convolution, CpuOperation {
    private final ConvolutionShape shape;
    private final PackedLayer layer;
    private final PatchGather patchGather;

    CpuPackedConvolution(ConvolutionShape shape, PackedLayer layer) {
        if (layer.preparedFloats(1) != 0) {
            throw new IllegalArgumentException("convolutions take their input as it is: shape=" + shape);
        }
        this.shape = shape;
        this.layer = layer;
        this.patchGather = new PatchGather(shape);
    }

    @Override
    public ConvolutionShape shape() {
        return shape;
    }

    @Override
    public PackedWeights packed() {
        return layer.packed();
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int images, Tensor out) {
        start(context, x, images, out, false);
    }

    @Override
    public void runAdd(ExecutionContext context, Tensor x, int images, Tensor out) {
        start(context, x, images, out, true);
    }

    private void start(ExecutionContext context, Tensor x, int images, Tensor out, boolean add) {
        Operands.requireImages("x", x, images, shape.inElements());
        int rows = images * shape.outHeight() * shape.outWidth();
        Operands.requireMatrix("out", out, (long) images * shape.outHeight() * shape.outWidth(), shape.outChannels());
        CpuCall call = CpuContext.call(context, this);
        if (rows == 0) {
            return;
        }
        call.x = x;
        call.out = out;
        call.add = add;
        call.count = rows;
        int k = shape.patchLength();
        if (shape.isPointwise()) {
            call.packed.input(x, k, rows).output(out, 0, add);
            CpuContext.run(context);
            return;
        }
        call.chunks = chunks(rows, CpuContext.lanes(context));
        if (call.chunks == 0) {
            call.packed.input(CpuContext.scratch(context, rows * k), k, rows).output(out, 0, add);
            call.preparing = true;
            CpuContext.run(context);
            call.preparing = false;
        }
        CpuContext.run(context);
    }

    /** Chunks of rows, or 0 when there are too few to keep all lanes busy. */
    private static int chunks(int rows, int lanes) {
        int chunks = rows / CpuPackedLinear.ROW_GROUP;
        return chunks >= lanes * PARTS_PER_LANE || lanes == 1 ? Math.max(1, chunks) : 0;
    }

    @Override
    public int parts(CpuCall call, int lanes) {
        if (call.chunks > 0) {
            return call.chunks;
        }
        return call.preparing
                ? CpuOperation.super.parts(call, lanes)
                : layer.parts() * CpuPackedLinear.rowBlocks(layer, call.count, lanes);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        if (call.chunks > 0) {
            int from = CpuOperation.share(call.count, CpuPackedLinear.ROW_GROUP, part, parts);
            int to = CpuOperation.share(call.count, CpuPackedLinear.ROW_GROUP, part + 1, parts);
            runChunk(call, lane, from, to);
        } else if (call.preparing) {
            int from = CpuOperation.share(call.count, part, parts);
            int to = CpuOperation.share(call.count, part + 1, parts);
            patchGather.gather(call.x.floats(), from, to, call.packed.x().floats(), from);
        } else {
            CpuPackedLinear.runPart(layer, call.packed, lane, part, parts);
        }
    }

    private void runChunk(CpuCall call, CpuLane lane, int from, int to) {
        if (from == to) {
            return;
        }
        int k = shape.patchLength();
        Tensor patches = lane.scratch((to - from) * k);
        patchGather.gather(call.x.floats(), from, to, patches.floats());
        lane.packed().input(patches, k, to - from).output(call.out, from, call.add);
        for (int columns = 0; columns < layer.parts(); columns++) {
            layer.run(lane, lane.packed(), columns, 0, to - from);
        }
    }
}
