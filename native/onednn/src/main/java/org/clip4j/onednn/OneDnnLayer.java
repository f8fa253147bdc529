package org.clip4j.onednn;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.LayerWeights;
import org.clip4j.kernels.cpu.PackedCall;
import org.clip4j.kernels.cpu.PackedLayer;
import org.clip4j.kernels.cpu.RowMath;

/** A linear layer whose columns lie in parts, each in the library's own layout; all but the last are equally wide. */
final class OneDnnLayer implements PackedLayer {
    private final int inFeatures;
    private final int outFeatures;
    private final int partColumns;
    private final Tensor[] weights;
    private final Tensor bias; // [N]
    private final Activation activation;
    private final boolean activatesAfterwards;
    private final ProductShape[] setting;
    private final ProductShape[] adding;

    OneDnnLayer(OneDnnEngine engine, LayerWeights layer, LayerForm form, int partColumns, Tensor[] weights,
            Tensor bias) {
        this.inFeatures = layer.weight().columns();
        this.outFeatures = layer.weight().rows();
        this.partColumns = partColumns;
        this.weights = weights;
        this.bias = bias;
        this.activation = layer.activation();
        boolean fused = form.fuses(activation);
        this.activatesAfterwards = !fused && activation != Activation.NONE;
        Activation within = fused ? activation : Activation.NONE;
        this.setting = new ProductShape[weights.length];
        this.adding = new ProductShape[weights.length];
        for (int part = 0; part < weights.length; part++) {
            LayerFormat format = engine.format(form, inFeatures, columns(part));
            setting[part] = engine.shape(new ProductShape(format, false, within));
            adding[part] = engine.shape(new ProductShape(format, true, within));
        }
    }

    private int columns(int part) {
        return Math.min(partColumns, outFeatures - part * partColumns);
    }

    @Override
    public int inFeatures() {
        return inFeatures;
    }

    @Override
    public int outFeatures() {
        return outFeatures;
    }

    @Override
    public int parts() {
        return weights.length;
    }

    @Override
    public int preparedFloats(int rows) {
        return 0;
    }

    @Override
    public void prepare(CpuLane lane, PackedCall call, int fromRow, int toRow) {}

    @Override
    public void run(CpuLane lane, PackedCall call, int part, int fromRow, int toRow) {
        OneDnnLane own = (OneDnnLane) lane.matrices();
        ProductShape shape = call.add() ? adding[part] : setting[part];
        int column = part * partColumns;
        long columnBytes = (long) column * Float.BYTES;
        int xStride = call.xStride();
        int outStride = call.out().rowStride();
        int row = fromRow;
        while (row < toRow) {
            int rows = shape.format().cut(toRow - row);
            own.execute(own.product(shape, rows, xStride, outStride), call.xAddress(row), weights[part].address(),
                    bias.address() + columnBytes, call.outAddress(row) + columnBytes);
            row += rows;
        }
        if (activatesAfterwards) {
            activate(lane.rows(), call, column, columns(part), fromRow, toRow);
        }
    }

    private void activate(RowMath math, PackedCall call, int firstColumn, int columns, int fromRow, int toRow) {
        FloatBuffer floats = call.out().floats();
        for (int row = fromRow; row < toRow; row++) {
            for (int column = 0; column < columns; column += RowMath.BLOCK) {
                int length = Math.min(RowMath.BLOCK, columns - column);
                int at = call.outOffset(row) + firstColumn + column;
                floats.get(at, math.row(), 0, length);
                math.activate(activation, length);
                floats.put(at, math.row(), 0, length);
            }
        }
    }
}
