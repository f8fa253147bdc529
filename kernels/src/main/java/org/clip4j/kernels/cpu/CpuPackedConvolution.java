package org.clip4j.kernels.cpu;

import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Tensor;

/**
 * Gathers patches and multiplies them with packed weights. Many rows: lanes take chunks of rows, and gather each into
 * their own scratch. Few rows: all patches are gathered first, then lanes take parts of the columns.
 */
final class CpuPackedConvolution extends ImagesConvolution {
    private final PackedLayer layer;
    private final PatchGather patchGather;

    CpuPackedConvolution(ConvolutionShape shape, PackedLayer layer) {
        super(shape);
        if (layer.preparedFloats(1) != 0) {
            throw new IllegalArgumentException("convolutions take their input as it is: shape=" + shape);
        }
        this.layer = layer;
        this.patchGather = new PatchGather(shape);
    }

    @Override
    public PackedWeights packed() {
        return layer.packed();
    }

    @Override
    void start(ExecutionContext context, CpuCall call) {
        ConvolutionShape shape = shape();
        int k = shape.patchLength();
        if (shape.isPointwise()) {
            call.packed.input(call.x, k, call.count).output(call.out, 0, call.add);
            CpuContext.run(context);
            return;
        }
        call.chunks = chunks(call.count, CpuContext.lanes(context));
        if (call.chunks == 0) {
            call.packed.input(CpuContext.scratch(context, call.count * k), k, call.count)
                    .output(call.out, 0, call.add);
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
                ? super.parts(call, lanes)
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
        int k = shape().patchLength();
        Tensor patches = lane.scratch((to - from) * k);
        patchGather.gather(call.x.floats(), from, to, patches.floats());
        lane.packed().input(patches, k, to - from).output(call.out, from, call.add);
        for (int columns = 0; columns < layer.parts(); columns++) {
            layer.run(lane, lane.packed(), columns, 0, to - from);
        }
    }
}
