package org.clip4j.cuda;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.ImageTokens;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** Class token, patches and positions in one pass. */
final class CudaImageTokens implements ImageTokens {
    private static final int WARPS = 8;

    private final CudaDevice cuda;
    private final TypedKernels kernels;
    private final Tensor classEmbedding;
    private final Tensor positions;

    CudaImageTokens(CudaDevice cuda, Tensor classEmbedding, Tensor positions) {
        this.cuda = cuda;
        this.classEmbedding = classEmbedding;
        this.positions = positions;
        kernels = TypedKernels.all(cuda, "image_tokens_");
    }

    @Override
    public void run(ExecutionContext context, Tensor patches, int images, Tensor out) {
        CudaContext own = CudaContext.of(context);
        int D = positions.columns();
        int patchCount = positions.rows() - 1;
        long outRows = (long) images * (1 + patchCount);
        Operands.requireMatrix("patches", patches, (long) images * patchCount, D);
        Operands.requireMatrix("out", out, outRows, D);
        ElementType.F32.require("out", out);
        own.launch(kernels.get(ElementType.of("patches", patches))).pointer(patches.address())
                .number(patches.rowStride()).pointer(classEmbedding.address()).pointer(positions.address())
                .number(images).number(patchCount).number(D).pointer(out.address()).number(out.rowStride())
                .run(cuda.walkingBlocks(outRows * D, WARPS * Launch.WARP), 1, 1, WARPS, 0);
        own.launched();
    }
}
