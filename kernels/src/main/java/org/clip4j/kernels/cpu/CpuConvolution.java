package org.clip4j.kernels.cpu;

import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;

/** Gathers patches into a lane's scratch, a chunk at a time, and multiplies them with the weights. */
final class CpuConvolution extends ImagesConvolution {
    /** Patches of one product: large, because the engine packs the weights anew for each product. */
    private static final int CHUNK_BYTES = 4 << 20;

    private final Tensor weight; // [outChannels, patchLength]
    private final Epilogue epilogue;
    private final PatchGather patchGather;
    private final int chunkRows;

    CpuConvolution(ConvolutionShape shape, Tensor weight, Epilogue epilogue) {
        super(shape);
        this.weight = weight;
        this.epilogue = epilogue;
        this.patchGather = new PatchGather(shape);
        this.chunkRows = Math.max(1, CHUNK_BYTES / Float.BYTES / shape.patchLength());
    }

    @Override
    void start(ExecutionContext context, CpuCall call) {
        CpuContext.run(context);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        ConvolutionShape shape = shape();
        int n = shape.outChannels();
        boolean byRows = call.count >= n;
        int fromRow = byRows ? CpuOperation.share(call.count, part, parts) : 0;
        int toRow = byRows ? CpuOperation.share(call.count, part + 1, parts) : call.count;
        int fromColumn = byRows ? 0 : CpuOperation.share(n, CpuLinear.COLUMN_GROUP, part, parts);
        int toColumn = byRows ? n : CpuOperation.share(n, CpuLinear.COLUMN_GROUP, part + 1, parts);
        if (fromColumn == toColumn) {
            return;
        }
        int k = shape.patchLength();
        Tensor out = call.out;
        for (int row = fromRow; row < toRow; row += chunkRows) {
            int endRow = Math.min(toRow, row + chunkRows);
            if (shape.isPointwise()) {
                lane.product().a(call.x, row * k, k);
            } else {
                Tensor patches = lane.scratch((endRow - row) * k);
                patchGather.gather(call.x.floats(), row, endRow, patches.floats());
                lane.product().a(patches, 0, k);
            }
            lane.product().bTransposed(weight, fromColumn * k, k)
                    .c(out, row * out.rowStride() + fromColumn, out.rowStride(), call.add)
                    .size(endRow - row, toColumn - fromColumn, k, 1f);
            lane.multiply();
            epilogue.apply(lane, out, row, endRow, fromColumn, toColumn);
        }
    }
}
