package org.clip4j.simd;

import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.LayerWeights;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.PackedCall;
import org.clip4j.kernels.cpu.PackedLayer;

/** A linear layer in panels of columns; see src/main/cpp/linear.h. */
final class SimdLayer implements PackedLayer {
    /** Parts for each lane, so that a lane that is done early takes over. */
    private static final int PARTS_PER_LANE = 3;

    private final long kernels;
    private final LayerForm form;
    private final int activation;
    private final int inFeatures;
    private final int outFeatures;
    private final int panels;
    private final int parts;
    private final Tensor weights; // panels, in the form's type
    private final Tensor scales; // [N] and the same of the last panel, INT8 only
    private final Tensor bias; // [N], and zeros to the end of the last panel

    SimdLayer(long kernels, Arena arena, LayerWeights layer, MatrixEngine.Workers workers) {
        this.kernels = kernels;
        this.form = LayerForm.of(layer);
        this.activation = SimdLibrary.number(layer.activation());
        this.inFeatures = layer.weight().columns();
        this.outFeatures = layer.weight().rows();
        int panelColumns = SimdLibrary.panelColumns(kernels);
        this.panels = (outFeatures + panelColumns - 1) / panelColumns;
        this.parts = Math.min(panels, layer.lanes() == 1 ? 1 : layer.lanes() * PARTS_PER_LANE);
        int columns = Math.multiplyExact(panels, panelColumns);
        this.weights = arena.allocate(form.weightType(), Math.multiplyExact(columns, form.stored(inFeatures)));
        this.scales = form == LayerForm.INT8 ? arena.allocate(DType.F32, columns) : null;
        this.bias = arena.allocate(DType.F32, columns);
        if (layer.bias() != null) {
            float[] values = new float[outFeatures];
            layer.bias().read(0, values, 0, outFeatures);
            bias.floats().put(0, values);
        }
        pack(layer.weight(), workers);
    }

    private void pack(Tensor from, MatrixEngine.Workers workers) {
        Tensor source = NativeMemory.withAddress(from);
        int type = LayerForm.number(source.dtype());
        workers.forEach(parts,
                part -> SimdLibrary.pack(kernels, form.number(), type, source.address(), inFeatures, outFeatures,
                        firstPanel(part), firstPanel(part + 1), weights.address(), scalesAddress()));
    }

    private int firstPanel(int part) {
        return (int) ((long) panels * part / parts);
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
        return parts;
    }

    /** Scales of the rows, then the rows in 16 bits. */
    @Override
    public int preparedFloats(int rows) {
        return form == LayerForm.INT8
                ? Math.toIntExact(scaleFloats(rows) + (long) rows * form.stored(inFeatures) / 2)
                : 0;
    }

    /** In whole cache lines. */
    private static int scaleFloats(int rows) {
        return (rows + 15) / 16 * 16;
    }

    @Override
    public void prepare(CpuLane lane, PackedCall call, int fromRow, int toRow) {
        if (fromRow < toRow) {
            SimdLibrary.quantize(kernels, call.xAddress(fromRow), call.xStride(), toRow - fromRow, inFeatures,
                    preparedRow(call, fromRow), form.stored(inFeatures), rowScale(call, fromRow));
        }
    }

    private long preparedRow(PackedCall call, int row) {
        return rowScale(call, scaleFloats(call.rows())) + (long) row * form.stored(inFeatures) * Short.BYTES;
    }

    private static long rowScale(PackedCall call, int row) {
        return call.prepared().address() + (long) row * Float.BYTES;
    }

    private long scalesAddress() {
        return scales == null ? 0 : scales.address();
    }

    @Override
    public void run(CpuLane lane, PackedCall call, int part, int fromRow, int toRow) {
        boolean prepared = form == LayerForm.INT8;
        SimdLibrary.linear(kernels, form.number(), activation, weights.address(), bias.address(), scalesAddress(),
                inFeatures, outFeatures, firstPanel(part), firstPanel(part + 1),
                prepared ? preparedRow(call, fromRow) : call.xAddress(fromRow),
                prepared ? form.stored(inFeatures) : call.xStride(), prepared ? rowScale(call, fromRow) : 0,
                call.outAddress(fromRow), call.out().rowStride(), toRow - fromRow, call.add());
    }
}
