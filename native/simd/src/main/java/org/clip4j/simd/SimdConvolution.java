package org.clip4j.simd;

import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.PackedWeights;
import org.clip4j.kernels.cpu.CpuLane;
import org.clip4j.kernels.cpu.PackedCall;
import org.clip4j.kernels.cpu.PackedLayer;

/** A convolution that reads patches where they lie; see src/main/cpp/convolution.h. */
final class SimdConvolution implements PackedLayer {
    private final ConvolutionShape shape;
    private final SimdLayer layer;

    /**
     * A convolution of a layer that has been packed.
     *
     * @param layer in f32, of the shape's patches
     */
    SimdConvolution(ConvolutionShape shape, SimdLayer layer) {
        this.shape = shape;
        this.layer = layer;
    }

    @Override
    public int inFeatures() {
        return layer.inFeatures();
    }

    @Override
    public int outFeatures() {
        return layer.outFeatures();
    }

    @Override
    public int parts() {
        return layer.parts();
    }

    @Override
    public PackedWeights packed() {
        return layer.packed();
    }

    @Override
    public int preparedFloats(int rows) {
        return 0;
    }

    @Override
    public void prepare(CpuLane lane, PackedCall call, int fromRow, int toRow) {}

    @Override
    public void run(CpuLane lane, PackedCall call, int part, int fromRow, int toRow) {
        layer.convolve(shape, call, part, fromRow, toRow);
    }
}
