package org.clip4j.onednn;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.Dequantization;
import org.clip4j.kernels.cpu.Epilogue;
import org.clip4j.kernels.cpu.PackedCall;
import org.clip4j.kernels.cpu.PackedLayer;
import org.clip4j.kernels.cpu.RowConversion;
import org.clip4j.kernels.cpu.RowKernels;

/** A linear layer whose columns lie in parts, each in the library's own layout; all but the last are equally wide. */
final class OneDnnLayer implements PackedLayer {
    // Of {@link PackedWeights#tensors}; behind the parts are the columns' scales, in INT8.
    private static final int LAYOUT = 0;
    private static final int BIAS = 1;
    private static final int FIRST_PART = 2;

    private final OneDnnEngine engine;
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

    /**
     * A layer of what was packed.
     *
     * @param weights of the parts
     * @param columnScales null but in INT8
     */
    record Packed(LayerForm form, int inFeatures, int outFeatures, int partColumns, List<Tensor> weights, Tensor bias,
            Tensor columnScales) {}

    OneDnnLayer(OneDnnEngine engine, Arena arena, Activation activation, Packed packed) {
        this.engine = engine;
        this.inFeatures = packed.inFeatures;
        this.outFeatures = packed.outFeatures;
        this.form = packed.form;
        this.partColumns = packed.partColumns;
        this.weights = packed.weights.toArray(new Tensor[0]);
        this.bias = packed.bias;
        this.columnScales = packed.columnScales;
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
        List<LayerFormat> formats = formats(engine, form, inFeatures, outFeatures, partColumns);
        for (int part = 0; part < weights.length; part++) {
            LayerFormat format = formats.get(part);
            setting[part] = engine.shape(new ProductShape(format, false, within));
            adding[part] = engine.shape(new ProductShape(format, true, within));
        }
    }

    /** A layer of what {@link #packed} of one with the same form, sizes and lanes gave. */
    static OneDnnLayer adopt(OneDnnEngine engine, Arena arena, Activation activation, PackedWeights packed,
            int lanes) {
        LayerForm form = engine.form(packed.precision());
        int columns = packed.outFeatures();
        int partColumns = LayerPacking.partColumns(form, packed.inFeatures(), columns, lanes);
        List<LayerFormat> formats = formats(engine, form, packed.inFeatures(), columns, partColumns);
        requireLayout(packed, layout(formats));
        List<Tensor> parts = new ArrayList<>();
        for (LayerFormat format : formats) {
            parts.add(adopt(packed, FIRST_PART + parts.size(), DType.I8, format.sizeBytes()));
        }
        Tensor scales = form == LayerForm.INT8
                ? adopt(packed, FIRST_PART + parts.size(), DType.F32, columns)
                : null;
        return new OneDnnLayer(engine, arena, activation, new Packed(form, packed.inFeatures(), columns, partColumns,
                parts, adopt(packed, BIAS, DType.F32, columns), scales));
    }

    private static List<LayerFormat> formats(OneDnnEngine engine, LayerForm form, int inFeatures, int outFeatures,
            int partColumns) {
        List<LayerFormat> formats = new ArrayList<>();
        for (int from = 0; from < outFeatures; from += partColumns) {
            formats.add(engine.format(form, inFeatures, Math.min(partColumns, outFeatures - from)));
        }
        return formats;
    }

    /** The library's own description of how the parts are laid out. */
    private static ByteBuffer layout(List<LayerFormat> formats) {
        List<byte[]> blobs = formats.stream().map(LayerFormat::blob).toList();
        ByteBuffer layout = ByteBuffer.allocateDirect(blobs.stream().mapToInt(blob -> blob.length).sum());
        blobs.forEach(layout::put);
        return layout.flip().order(ByteOrder.nativeOrder());
    }

    /** What is laid out in another way could be of the same size. */
    private static void requireLayout(PackedWeights packed, ByteBuffer expected) {
        Tensor actual = Operands.requirePacked(packed, LAYOUT, DType.U8, expected.remaining());
        if (!actual.bytes().duplicate().clear().equals(expected)) {
            throw new IllegalArgumentException("packed weights are laid out in another way than oneDNN chooses here:"
                    + " inFeatures=" + packed.inFeatures() + " outFeatures=" + packed.outFeatures());
        }
    }

    private static Tensor adopt(PackedWeights packed, int index, DType dtype, long elements) {
        return NativeMemory.withAddress(Operands.requirePacked(packed, index, dtype, elements));
    }

    @Override
    public PackedWeights packed() {
        ByteBuffer layout = layout(formats(engine, form, inFeatures, outFeatures, partColumns));
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(Tensor.of(layout, DType.U8, Tensor.NO_ADDRESS, layout.remaining()));
        tensors.add(bias);
        tensors.addAll(Arrays.asList(weights));
        if (columnScales != null) {
            tensors.add(columnScales);
        }
        return new PackedWeights(inFeatures, outFeatures, form.precision(), tensors);
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
