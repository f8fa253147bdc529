package org.clip4j.cuda;

import java.util.EnumMap;
import java.util.Map;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** One warp per row, or one block where there are few and the result is of 16 bits. */
final class CudaLayerNorm implements LayerNorm {
    private static final int WARPS = 4;
    /** As many as have room; each walks over rows and reads the next while it works on one. */
    private static final int BLOCKS_PER_MULTIPROCESSOR = 4;

    private final CudaDevice cuda;
    private final Map<ElementType, Kernel> blockKernelsByResult = new EnumMap<>(ElementType.class);
    private final Map<ElementType, TypedKernels> kernelsByResult = new EnumMap<>(ElementType.class);
    private final Tensor gain;
    private final Tensor bias;
    private final float epsilon;
    private final int width;

    CudaLayerNorm(CudaDevice cuda, Tensor gain, Tensor bias, float epsilon) {
        this.cuda = cuda;
        this.gain = gain;
        this.bias = bias;
        this.epsilon = epsilon;
        this.width = gain.elements();
        blockKernelsByResult.put(ElementType.F16, cuda.kernel("layer_norm_rows_f32_f16"));
        blockKernelsByResult.put(ElementType.BF16, cuda.kernel("layer_norm_rows_f32_bf16"));
        for (ElementType out : ElementType.values()) {
            kernelsByResult.put(out,
                    new TypedKernels(cuda, x -> x == ElementType.F32 || out == ElementType.F32 || x == out
                            ? "layer_norm_" + x.label() + "_" + out.label()
                            : null));
        }
    }

    Tensor gain() {
        return gain;
    }

    Tensor bias() {
        return bias;
    }

    float epsilon() {
        return epsilon;
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int rows, Tensor out) {
        CudaContext own = CudaContext.of(context);
        Operands.requireMatrix("x", x, rows, width);
        Operands.requireMatrix("out", out, rows, width);
        launch(own, x, rows, out);
        own.launched();
    }

    /** Launches it, unchecked. */
    void launch(CudaContext own, Tensor x, int rows, Tensor out) {
        ElementType xType = ElementType.of("x", x);
        ElementType outType = ElementType.of("out", out);
        boolean blocks = xType == ElementType.F32 && outType != ElementType.F32
                && rows <= BLOCKS_PER_MULTIPROCESSOR * cuda.multiprocessors();
        own.launch(blocks ? blockKernelsByResult.get(outType) : kernelsByResult.get(outType).get(xType))
                .pointer(x.address()).number(x.rowStride()).pointer(gain.address()).pointer(bias.address())
                .real(epsilon).number(rows).number(width).pointer(out.address()).number(out.rowStride())
                .run(blocks ? rows : cuda.blocks((rows + WARPS - 1) / WARPS, BLOCKS_PER_MULTIPROCESSOR), 1, 1, WARPS,
                        0);
    }
}
