package org.clip4j.cuda;

import org.clip4j.kernels.AveragePool;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** One thread per value of the result. */
final class CudaAveragePool implements AveragePool {
    private static final int WARPS = 8;

    private final CudaDevice cuda;
    private final TypedKernels kernels;
    private final int height;
    private final int width;
    private final int channels;
    private final int kernel;

    CudaAveragePool(CudaDevice cuda, int height, int width, int channels, int kernel) {
        this.cuda = cuda;
        this.height = height;
        this.width = width;
        this.channels = channels;
        this.kernel = kernel;
        kernels = TypedKernels.all(cuda, "average_pool_");
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int images, Tensor out) {
        CudaContext own = CudaContext.of(context);
        long outRows = (long) images * (height / kernel) * (width / kernel);
        Operands.requireMatrix("x", x, (long) images * height * width, channels);
        Operands.requireMatrix("out", out, outRows, channels);
        ElementType type = ElementType.of("x", x);
        type.require("out", out);
        own.launch(kernels.get(type)).pointer(x.address()).number(x.rowStride()).number(images).number(height)
                .number(width).number(channels).number(kernel).pointer(out.address()).number(out.rowStride())
                .run(cuda.walkingBlocks(outRows * channels, WARPS * Launch.WARP), 1, 1, WARPS, 0);
        own.launched();
    }
}
