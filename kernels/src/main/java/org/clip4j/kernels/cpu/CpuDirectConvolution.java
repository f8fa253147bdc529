package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Tensor;

/**
 * A convolution whose engine reads patches where they lie. Many rows: lanes take groups of rows, so that images are read
 * once. Few rows: lanes take parts of the columns, so that weights are.
 */
final class CpuDirectConvolution implements Convolution, CpuOperation {
    /** Rows that an engine takes at a time: so many of 256 inputs fit a level-2 cache of 512 kB beside the weights. */
    private static final int ROW_GROUP = 256;

    private final ConvolutionShape shape;
    private final PackedLayer layer;

    /**
     * Of a layer that has been packed.
     *
     * @param layer of {@link MatrixEngine#readingPatches}
     */
    CpuDirectConvolution(ConvolutionShape shape, PackedLayer layer) {
        this.shape = shape;
        this.layer = layer;
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
        Operands.requireMatrix("out", out, (long) images * shape.outHeight() * shape.outWidth(), shape.outChannels());
        CpuCall call = CpuContext.call(context, this);
        call.count = images * shape.outHeight() * shape.outWidth();
        if (call.count == 0) {
            return;
        }
        int groups = call.count / ROW_GROUP;
        call.chunks = groups >= CpuContext.lanes(context) * PARTS_PER_LANE ? groups : 0;
        call.packed.input(x, shape.patchLength(), call.count).output(out, 0, add);
        CpuContext.run(context);
    }

    @Override
    public int parts(CpuCall call, int lanes) {
        return call.chunks > 0 ? call.chunks : layer.parts() * CpuPackedLinear.rowBlocks(layer, call.count, lanes);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        if (call.chunks == 0) {
            CpuPackedLinear.runPart(layer, call.packed, lane, part, parts);
            return;
        }
        int from = CpuOperation.share(call.count, ROW_GROUP, part, parts);
        int to = CpuOperation.share(call.count, ROW_GROUP, part + 1, parts);
        for (int columns = 0; columns < layer.parts(); columns++) {
            layer.run(lane, call.packed, columns, from, to);
        }
    }
}
