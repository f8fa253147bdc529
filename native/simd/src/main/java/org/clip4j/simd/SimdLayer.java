package org.clip4j.simd;

import java.util.ArrayList;
import java.util.List;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.PackedWeights;
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

    private SimdLayer(long kernels, LayerForm form, Activation activation, int lanes, int inFeatures, int outFeatures,
            List<Tensor> tensors) {
        this.kernels = kernels;
        this.form = form;
        this.activation = SimdLibrary.number(activation);
        this.inFeatures = inFeatures;
        this.outFeatures = outFeatures;
        this.panels = panels(kernels, outFeatures);
        this.parts = Math.min(panels, lanes == 1 ? 1 : lanes * PARTS_PER_LANE);
        this.weights = tensors.get(0);
        this.bias = tensors.get(1);
        this.scales = form == LayerForm.INT8 ? tensors.get(2) : null;
    }

    /** Packs a layer into the arena. */
    static SimdLayer pack(long kernels, Arena arena, LayerWeights layer, MatrixEngine.Workers workers) {
        LayerForm form = LayerForm.of(layer.heldPrecision());
        int inFeatures = layer.weight().columns();
        int outFeatures = layer.weight().rows();
        int columns = columns(kernels, outFeatures);
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(arena.allocate(form.weightType(), Math.multiplyExact(columns, form.stored(inFeatures))));
        tensors.add(arena.allocate(DType.F32, columns));
        if (form == LayerForm.INT8) {
            tensors.add(arena.allocate(DType.F32, columns));
        }
        SimdLayer packed = new SimdLayer(kernels, form, layer.activation(), layer.lanes(), inFeatures, outFeatures,
                tensors);
        if (layer.bias() != null) {
            float[] values = new float[outFeatures];
            layer.bias().read(0, values, 0, outFeatures);
            packed.bias.floats().put(0, values);
        }
        packed.pack(layer.weight(), workers);
        return packed;
    }

    /** A layer of weights that {@link #pack} packed with kernels for the same instruction set. */
    static SimdLayer adopt(long kernels, PackedWeights packed, Activation activation, int lanes) {
        LayerForm form = LayerForm.of(packed.precision());
        long columns = columns(kernels, packed.outFeatures());
        List<Tensor> tensors = new ArrayList<>();
        tensors.add(adopt(packed, 0, form.weightType(), columns * form.stored(packed.inFeatures())));
        tensors.add(adopt(packed, 1, DType.F32, columns));
        if (form == LayerForm.INT8) {
            tensors.add(adopt(packed, 2, DType.F32, columns));
        }
        return new SimdLayer(kernels, form, activation, lanes, packed.inFeatures(), packed.outFeatures(), tensors);
    }

    private static Tensor adopt(PackedWeights packed, int index, DType dtype, long elements) {
        return NativeMemory.withAddress(Operands.requirePacked(packed, index, dtype, elements));
    }

    private static int panels(long kernels, int outFeatures) {
        int panelColumns = SimdLibrary.panelColumns(kernels);
        return (outFeatures + panelColumns - 1) / panelColumns;
    }

    /** N, up to the end of the last panel. */
    private static int columns(long kernels, int outFeatures) {
        return Math.multiplyExact(panels(kernels, outFeatures), SimdLibrary.panelColumns(kernels));
    }

    private void pack(Tensor from, MatrixEngine.Workers workers) {
        Tensor source = NativeMemory.withAddress(from);
        int type = LayerForm.number(source.dtype());
        workers.forEach(parts,
                part -> SimdLibrary.pack(kernels, form.number(), type, source.address(), inFeatures, outFeatures,
                        firstPanel(part), firstPanel(part + 1), weights.address(), scalesAddress()));
    }

    @Override
    public PackedWeights packed() {
        return new PackedWeights(inFeatures, outFeatures, form.precision(),
                scales == null ? List.of(weights, bias) : List.of(weights, bias, scales));
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

    /** Computes output pixels of a convolution, whose layer in f32 this is. */
    void convolve(ConvolutionShape shape, PackedCall call, int part, int fromRow, int toRow) {
        SimdLibrary.convolve(kernels, shape.layout() == Layout.CHANNELS_LAST, shape.height(), shape.width(),
                shape.inChannels(), shape.kernel(), shape.stride(), shape.padding(), shape.outHeight(),
                shape.outWidth(), activation, weights.address(), bias.address(), outFeatures, firstPanel(part),
                firstPanel(part + 1), call.xAddress(0), call.outAddress(fromRow), call.out().rowStride(), fromRow,
                toRow,
                call.add());
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
