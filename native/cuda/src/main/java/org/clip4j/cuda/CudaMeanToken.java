package org.clip4j.cuda;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.MeanToken;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** One block per image and warp of channels. */
final class CudaMeanToken implements MeanToken {
    private static final int WARPS = 8;

    private final TypedKernels kernels;
    private final Tensor positions;

    CudaMeanToken(CudaDevice cuda, Tensor positions) {
        this.positions = positions;
        kernels = TypedKernels.all(cuda, "mean_token_");
    }

    @Override
    public void run(ExecutionContext context, Tensor pixels, int images, Tensor out) {
        CudaContext own = CudaContext.of(context);
        int C = positions.columns();
        int pixelCount = positions.rows() - 1;
        Operands.requireMatrix("pixels", pixels, (long) images * pixelCount, C);
        Operands.requireMatrix("out", out, (long) images * (1 + pixelCount), C);
        ElementType type = ElementType.of("pixels", pixels);
        type.require("out", out);
        own.launch(kernels.get(type)).pointer(pixels.address()).number(pixels.rowStride())
                .pointer(positions.address()).number(images).number(pixelCount).number(C).pointer(out.address())
                .number(out.rowStride()).run(images, (C + Launch.WARP - 1) / Launch.WARP, 1, WARPS, 0);
        own.launched();
    }
}
