package org.clip4j.cuda;

import java.util.Arrays;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;

/**
 * Products of 8-bit floating point, e4m3, with one scale for the weights, found when they are bound, and one for the other
 * factor, found in each call: its largest magnitude becomes the largest number. A scale for each row would gain little, as
 * the numbers have an exponent each. Sums are f32.
 */
final class Fp8Linear implements Linear {
    private static final int WARPS = 8;
    /** Of what cublasLt multiplies: cuBLAS documentation, cublasLtMatmul, requirements of FP8 kernels. */
    private static final int MULTIPLE = 16;
    /** Between the parts of the scratch memory. */
    private static final int ALIGNMENT_BYTES = 256;

    private final CudaBackend backend;
    private final CudaDevice cuda;
    private final Tensor weight; // [N,K] bytes
    private final Tensor weightScale; // [1]
    private final Tensor bias16; // [N], for results in f16
    private final Tensor biasBrain; // [N], for results in f32: cublasLt's table of types has bf16 beside them
    private final Activation activation;
    private final TypedKernels largest;
    private final TypedKernels quantize;
    private volatile MatrixPlan[] plans = new MatrixPlan[0];

    /** With weights and a bias of any type; {@link #takes} them. */
    Fp8Linear(CudaBackend backend, Arena arena, Tensor newWeight, Tensor bias, Activation activation) {
        this.backend = backend;
        this.cuda = backend.cuda();
        this.activation = activation;
        double most = 0;
        for (int i = 0; i < newWeight.elements(); i++) {
            double magnitude = Math.abs(newWeight.get(i));
            most = magnitude > most || Double.isNaN(magnitude) ? magnitude : most;
        }
        float scale = most == 0 ? 1 : (float) Math.max(most / E4m3.MAX, Float.MIN_NORMAL);
        weight = CudaWeights.e4m3(cuda, arena, newWeight, scale);
        Tensor one = Tensor.allocate(DType.F32, 1);
        one.set(0, scale);
        weightScale = CudaWeights.copy(cuda, arena, one, ElementType.F32);
        bias16 = CudaWeights.copy(cuda, arena, bias, ElementType.F16);
        biasBrain = CudaWeights.copy(cuda, arena, bias, ElementType.BF16);
        largest = TypedKernels.all(cuda, "fp8_largest_");
        quantize = TypedKernels.all(cuda, "fp8_quantize_");
    }

    /**
     * Whether a layer can be computed so, and should be: one without a bias is, in CLIP, a projection into the embedding
     * space, whose errors nothing evens out.
     */
    static boolean takes(Tensor weight, Tensor bias) {
        return bias != null && weight.rows() % MULTIPLE == 0 && weight.columns() % MULTIPLE == 0;
    }

    @Override
    public int inFeatures() {
        return weight.columns();
    }

    @Override
    public int outFeatures() {
        return weight.rows();
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int rows, Tensor out) {
        run(context, x, rows, out, false);
    }

    @Override
    public void runAdd(ExecutionContext context, Tensor x, int rows, Tensor out) {
        run(context, x, rows, out, true);
    }

    private void run(ExecutionContext context, Tensor x, int rows, Tensor out, boolean add) {
        CudaContext own = CudaContext.of(context);
        int K = inFeatures();
        Operands.requireMatrix("x", x, rows, K);
        Operands.requireMatrix("out", out, rows, outFeatures());
        ElementType type = ElementType.of("x", x);
        ElementType outType = ElementType.of("out", out);
        if (outType == ElementType.BF16) {
            throw new IllegalArgumentException("result has a type that the product cannot have: out=" + out
                    + " expected=F32 or F16");
        }
        if (rows == 0) {
            return;
        }
        long factorBytes = ((long) rows * K + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
        long factor = own.scratch(factorBytes + 2 * ALIGNMENT_BYTES);
        long most = factor + factorBytes;
        long scale = most + ALIGNMENT_BYTES;
        own.clear(most, Float.BYTES);
        int blocks = cuda.walkingBlocks((long) rows * K, WARPS * Launch.WARP);
        own.launch(largest.get(type)).pointer(x.address()).number(x.rowStride()).number(rows).number(K).pointer(most)
                .run(blocks, 1, 1, WARPS, 0);
        own.launch(quantize.get(type)).pointer(x.address()).number(x.rowStride()).number(rows).number(K).pointer(most)
                .pointer(factor).pointer(scale).run(blocks, 1, 1, WARPS, 0);
        MatrixPlan plan = plan(own, factor, scale, rows, out, outType, add);
        // The descriptor, which sessions share, names the scale, which is a session's own; a launch copies it.
        synchronized (plan) {
            plan.scaleX(scale);
            plan.run(own, weight.address(), factor, out.address());
        }
        own.launched();
    }

    private MatrixPlan plan(CudaContext own, long factor, long scale, int rows, Tensor out, ElementType outType,
            boolean add) {
        MatrixPlan known = find(factor, rows, out, outType, add);
        return known != null ? known : newPlan(own, factor, scale, rows, out, outType, add);
    }

    private MatrixPlan find(long factor, int rows, Tensor out, ElementType outType, boolean add) {
        for (MatrixPlan plan : plans) {
            if (plan.fits(factor, inFeatures(), rows, out.address(), out.rowStride(), outType, add)) {
                return plan;
            }
        }
        return null;
    }

    private synchronized MatrixPlan newPlan(CudaContext own, long factor, long scale, int rows, Tensor out,
            ElementType outType, boolean add) {
        MatrixPlan known = find(factor, rows, out, outType, add);
        if (known != null) {
            return known; // of another session that came first
        }
        MatrixShape shape = new MatrixShape(outFeatures(), rows, inFeatures(), inFeatures(), out.rowStride(),
                ElementType.F16, outType, Precision.FP8, activation, true, add, MatrixShape.alignment(factor),
                MatrixShape.alignment(out.address()));
        MatrixPlan plan = new MatrixPlan(cuda, shape,
                outType == ElementType.F32 ? biasBrain.address() : bias16.address(), 0);
        backend.keep(plan);
        plan.scaleWeight(weightScale.address());
        plan.scaleX(scale);
        backend.algorithms().choose(own, plan, weight.address(), factor);
        MatrixPlan[] more = Arrays.copyOf(plans, plans.length + 1);
        more[plans.length] = plan;
        plans = more;
        return plan;
    }
}
