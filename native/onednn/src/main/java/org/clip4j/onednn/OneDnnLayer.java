package org.clip4j.onednn;

import java.nio.FloatBuffer;
import java.util.List;
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
    private final LayerForm form;
    private final Tensor columnScales; // [N], int8 only
    private final float[] biasValues;
    private final ProductShape[] setting;
    private final ProductShape[] adding;

    /** What {@link LayerPacking} hands over. */
    record Packed(LayerForm form, int partColumns, List<Tensor> weights, Tensor bias, Tensor columnScales) {}

    OneDnnLayer(OneDnnEngine engine, LayerWeights layer, Packed packed) {
        this.inFeatures = layer.weight().columns();
        this.outFeatures = layer.weight().rows();
        this.form = packed.form;
        this.partColumns = packed.partColumns;
        this.weights = packed.weights.toArray(new Tensor[0]);
        this.bias = packed.bias;
        this.columnScales = packed.columnScales;
        this.biasValues = new float[outFeatures];
        bias.floats().get(0, biasValues, 0, outFeatures);
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
        return switch (form) {
            case F32, BF16_ROUNDED -> 0;
            case BF16 -> Math.toIntExact(((long) rows * inFeatures + 1) / 2);
            case INT8 -> Math.toIntExact((RowConverter.firstByte(rows) + (long) rows * inFeatures + 3) / 4);
        };
    }

    @Override
    public void prepare(CpuLane lane, PackedCall call, int fromRow, int toRow) {
        RowConverter converter = ((OneDnnLane) lane.matrices()).converter();
        if (form == LayerForm.INT8) {
            converter.toInt8(call, inFeatures, fromRow, toRow);
        } else {
            converter.toBf16(call, inFeatures, fromRow, toRow);
        }
    }

    @Override
    public void run(CpuLane lane, PackedCall call, int part, int fromRow, int toRow) {
        if (form == LayerForm.INT8) {
            runInt8(lane, call, part, fromRow, toRow);
            return;
        }
        OneDnnLane own = (OneDnnLane) lane.matrices();
        ProductShape shape = call.add() ? adding[part] : setting[part];
        int column = part * partColumns;
        long columnBytes = (long) column * Float.BYTES;
        int xStride = form == LayerForm.BF16 ? inFeatures : call.xStride();
        int outStride = call.out().rowStride();
        int row = fromRow;
        while (row < toRow) {
            int rows = shape.format().cut(toRow - row);
            own.execute(own.product(shape, rows, xStride, outStride), xAddress(call, row), weights[part].address(),
                    bias.address() + columnBytes, call.outAddress(row) + columnBytes);
            row += rows;
        }
        if (activatesAfterwards) {
            activate(lane.rows(), call, column, columns(part), fromRow, toRow);
        }
    }

    private long xAddress(PackedCall call, int row) {
        return form == LayerForm.BF16
                ? call.prepared().address() + (long) row * inFeatures * Short.BYTES
                : call.xAddress(row);
    }

    /** The library's sums, scaled by column, go to scratch; what is left is scaled by row and done here. */
    private void runInt8(CpuLane lane, PackedCall call, int part, int fromRow, int toRow) {
        OneDnnLane own = (OneDnnLane) lane.matrices();
        ProductShape shape = setting[part];
        int columns = columns(part);
        int column = part * partColumns;
        long firstRow = call.prepared().address() + RowConverter.firstByte(call.rows());
        int row = fromRow;
        while (row < toRow) {
            int rows = shape.format().cut(toRow - row);
            Tensor sums = lane.scratch(rows * columns); // [rows,columns]
            own.execute(own.product(shape, rows, inFeatures, columns), firstRow + (long) row * inFeatures,
                    weights[part].address(), columnScales.address() + (long) column * Float.BYTES, sums.address());
            for (int i = 0; i < rows; i++) {
                finishRow(lane.rows(), call, row + i, column, columns, sums.floats(), i * columns);
            }
            row += rows;
        }
    }

    private void finishRow(RowMath math, PackedCall call, int row, int firstColumn, int columns, FloatBuffer sums,
            int firstSum) {
        FloatBuffer out = call.out().floats();
        float scale = call.prepared().floats().get(row);
        for (int column = 0; column < columns; column += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, columns - column);
            int at = call.outOffset(row) + firstColumn + column;
            sums.get(firstSum + column, math.row(), 0, length);
            math.scale(scale, length);
            System.arraycopy(biasValues, firstColumn + column, math.other(), 0, length);
            math.add(math.other(), length);
            if (call.add()) {
                out.get(at, math.other(), 0, length);
                math.add(math.other(), length);
            }
            math.activate(activation, length);
            out.put(at, math.row(), 0, length);
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
