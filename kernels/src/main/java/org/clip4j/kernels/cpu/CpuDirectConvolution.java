package org.clip4j.kernels.cpu;

import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.PackedWeights;

/**
 * A convolution whose engine reads patches where they lie. Many rows: lanes take groups of rows, so that images are read
 * once. Few rows: lanes take parts of the columns, so that weights are.
 */
final class CpuDirectConvolution extends ImagesConvolution {
    /** Rows that an engine takes at a time: so many of 256 inputs fit a level-2 cache of 512 kB beside the weights. */
    private static final int ROW_GROUP = 256;

    private final PackedLayer layer;

    /**
     * Of a layer that has been packed.
     *
     * @param layer of {@link MatrixEngine#readingPatches}
     */
    CpuDirectConvolution(ConvolutionShape shape, PackedLayer layer) {
        super(shape);
        this.layer = layer;
    }

    @Override
    public PackedWeights packed() {
        return layer.packed();
    }

    @Override
    void start(ExecutionContext context, CpuCall call) {
        int groups = call.count / ROW_GROUP;
        call.chunks = groups >= CpuContext.lanes(context) * PARTS_PER_LANE ? groups : 0;
        call.packed.input(call.x, shape().patchLength(), call.count).output(call.out, 0, call.add);
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
