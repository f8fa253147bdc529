package org.clip4j.cuda;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** One warp per row. */
final class CudaL2Normalize implements L2Normalize {
    private static final int WARPS = 4;

    private final Kernel kernel;
    private final int width;

    CudaL2Normalize(CudaDevice cuda, int width) {
        this.width = width;
        this.kernel = cuda.kernel("l2_normalize_f32");
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int rows, Tensor out) {
        CudaContext own = CudaContext.of(context);
        Operands.requireMatrix("x", x, rows, width);
        Operands.requireMatrix("out", out, rows, width);
        ElementType.of("x", x).require("out", out);
        ElementType.F32.require("out", out);
        own.launch(kernel).pointer(x.address()).number(x.rowStride()).number(rows).number(width)
                .pointer(out.address()).number(out.rowStride()).run((rows + WARPS - 1) / WARPS, 1, 1, WARPS, 0);
        own.launched();
    }
}
