package org.clip4j.cuda;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/**
 * Factors of 8-bit floating point, e4m3, with one scale for the weights, found when they are bound, and one for the
 * rows, found in each call: their largest magnitude becomes the largest number. A scale for each row would gain little,
 * as the numbers have an exponent each. Immutable.
 */
final class Fp8Factors implements RowFactors {
    private static final int WARPS = 8;
    /** Of what cublasLt multiplies: cuBLAS documentation, cublasLtMatmul, requirements of FP8 kernels. */
    private static final int MULTIPLE = 16;
    /** Between the parts of the scratch memory: the largest magnitude, the scale, the factor. */
    private static final int PART_BYTES = 256;

    private final CudaDevice cuda;
    private final Tensor weightScale; // [1]
    private final TypedKernels largest;
    private final TypedKernels quantize;

    /** For weights that were divided by their {@link #weightScale}. */
    Fp8Factors(CudaDevice cuda, Arena arena, float weightScale) {
        this.cuda = cuda;
        Tensor one = Tensor.allocate(DType.F32, 1);
        one.set(0, weightScale);
        this.weightScale = CudaWeights.copy(cuda, arena, one, ElementType.F32);
        largest = TypedKernels.all(cuda, "fp8_largest_");
        quantize = TypedKernels.all(cuda, "fp8_quantize_");
    }

    /**
     * Whether a layer can be computed so, and should be: one without a bias is, in CLIP, a projection into the
     * embedding space, whose errors nothing evens out.
     */
    static boolean suit(Tensor weight, Tensor bias) {
        return bias != null && weight.rows() % MULTIPLE == 0 && weight.columns() % MULTIPLE == 0;
    }

    /** What makes the largest magnitude of some weights the largest number. */
    static float weightScale(Tensor weight) {
        double most = 0;
        for (int i = 0; i < weight.elements(); i++) {
            double magnitude = Math.abs(weight.get(i));
            most = magnitude > most || Double.isNaN(magnitude) ? magnitude : most;
        }
        return most == 0 ? 1 : (float) Math.max(most / E4m3.MAX, Float.MIN_NORMAL);
    }

    @Override
    public boolean take(ElementType type) {
        return false;
    }

    @Override
    public long make(CudaContext own, long x, int xStride, ElementType type, int rows, int K) {
        long most = own.scratch(2 * PART_BYTES + (long) rows * K);
        long factor = most + 2 * PART_BYTES;
        own.clear(most, Float.BYTES);
        int blocks = cuda.walkingBlocks((long) rows * K, WARPS * Launch.WARP);
        own.launch(largest.get(type)).pointer(x).number(xStride).number(rows).number(K).pointer(most).run(blocks, 1, 1,
                WARPS, 0);
        own.launch(quantize.get(type)).pointer(x).number(xStride).number(rows).number(K).pointer(most).pointer(factor)
                .pointer(scaleOf(factor)).run(blocks, 1, 1, WARPS, 0);
        return factor;
    }

    private static long scaleOf(long factor) {
        return factor - PART_BYTES;
    }

    @Override
    public void bind(MatrixPlan plan, long factor) {
        plan.scaleWeight(weightScale.address());
        plan.scaleX(scaleOf(factor));
    }

    @Override
    public void multiply(CudaContext own, MatrixPlan plan, long weight, long factor, long out) {
        // The descriptor, which sessions share, names the scale, which is a session's own; a launch copies it.
        synchronized (plan) {
            plan.scaleX(scaleOf(factor));
            plan.run(own, weight, factor, out);
        }
    }
}
