package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** What convolutions of the CPU have in common: the geometry, and that calls are checked. */
abstract class ImagesConvolution implements Convolution, CpuOperation {
    private final ConvolutionShape shape;

    ImagesConvolution(ConvolutionShape shape) {
        this.shape = shape;
    }

    @Override
    public final ConvolutionShape shape() {
        return shape;
    }

    @Override
    public final void run(ExecutionContext context, Tensor x, int images, Tensor out) {
        start(context, x, images, out, false);
    }

    @Override
    public final void runAdd(ExecutionContext context, Tensor x, int images, Tensor out) {
        start(context, x, images, out, true);
    }

    private void start(ExecutionContext context, Tensor x, int images, Tensor out, boolean add) {
        Operands.requireImages("x", x, images, shape.inElements());
        Operands.requireMatrix("out", out, (long) images * shape.outHeight() * shape.outWidth(), shape.outChannels());
        CpuCall call = CpuContext.call(context, this);
        call.x = x;
        call.out = out;
        call.add = add;
        call.count = images * shape.outHeight() * shape.outWidth();
        if (call.count > 0) {
            start(context, call);
        }
    }

    /** Runs a call whose images, output and number of output pixels are set. */
    abstract void start(ExecutionContext context, CpuCall call);
}
