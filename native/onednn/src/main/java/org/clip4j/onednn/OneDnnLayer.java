package org.clip4j.onednn;

import java.util.List;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.Dequantization;
import org.clip4j.kernels.cpu.Epilogue;
import org.clip4j.kernels.cpu.LayerWeights;
import org.clip4j.kernels.cpu.PackedCall;
import org.clip4j.kernels.cpu.PackedLayer;
import org.clip4j.kernels.cpu.RowConversion;
import org.clip4j.kernels.cpu.RowKernels;

/** A linear layer whose columns lie in parts, each in the library's own layout; all but the last are equally wide. */
final class OneDnnLayer implements PackedLayer {
    private final int inFeatures;
    private final int outFeatures;
    private final int partColumns;
    private final Tensor[] weights;
    private final Tensor bias; // [N]
    private final LayerForm form;
    private final Tensor columnScales; // [N], int8 only
    private final RowConversion conversion; // BF16 and INT8 only
    private final Epilogue epilogue; // null where nothing is left to be done
    private final Dequantization[] dequantizations; // of the parts, INT8 only
    private final ProductShape[] setting;
    private final ProductShape[] adding;

    /** What {@link LayerPacking} hands over. */
    record Packed(LayerForm form, int partColumns, List<Tensor> weights, Tensor bias, Tensor columnScales) {}

    OneDnnLayer(OneDnnEngine engine, Arena arena, LayerWeights layer, Packed packed) {
        this.inFeatures = layer.weight().columns();
        this.outFeatures = layer.weight().rows();
        this.form = packed.form;
        this.partColumns = packed.partColumns;
        this.weights = packed.weights.toArray(new Tensor[0]);
        this.bias = packed.bias;
        this.columnScales = packed.columnScales;
        Activation activation = layer.activation();
        boolean fused = form.fuses(activation);
        RowKernels rows = engine.rows();
        this.conversion = form == LayerForm.INT8 ? rows.toBytes(inFeatures) : rows.toBf16(inFeatures);
        this.epilogue = fused || form == LayerForm.INT8 ? null : rows.epilogue(arena, null, activation);
        this.dequantizations = new Dequantization[form == LayerForm.INT8 ? weights.length : 0];
        for (int part = 0; part < dequantizations.length; part++) {
            Tensor own = bias.columns(part * partColumns, part * partColumns + columns(part));
            dequantizations[part] = rows.dequantization(arena, own, activation);
        }
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
            case INT8 -> Math.toIntExact((RowConversion.firstByte(rows) + (long) rows * inFeatures + 3) / 4);
        };
    }

    @Override
    public void prepare(CpuLane lane, PackedCall call, int fromRow, int toRow) {
        conversion.run(lane, call, fromRow, toRow);
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
        if (epilogue != null) {
            epilogue.apply(lane, call.out(), call.outRow(fromRow), call.outRow(toRow), column, column + columns(part));
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
        long firstRow = call.prepared().address() + RowConversion.firstByte(call.rows());
        int row = fromRow;
        while (row < toRow) {
            int rows = shape.format().cut(toRow - row);
            Tensor sums = lane.scratch(rows * columns); // [rows,columns]
            own.execute(own.product(shape, rows, inFeatures, columns), firstRow + (long) row * inFeatures,
                    weights[part].address(), columnScales.address() + (long) column * Float.BYTES, sums.address());
            dequantizations[part].run(lane, call, sums, row, row + rows, column);
            row += rows;
        }
    }
}
