package org.clip4j.cuda;

import java.util.Arrays;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/**
 * Products of one matrix of weights, planned once per shape of the other operands.
 */
final class CudaLinear implements Linear {
    private static final int WARPS = 8;

    /** What was chosen for a number of rows. */
    private record SplitChoice(int rows, SplitProduct split) {}

    private final CudaBackend backend;
    private final CudaDevice cuda;
    private final Tensor weight; // [N,K]
    private final Tensor bias; // [N] in f32, or null
    private final Tensor ownBias; // [N] in the type of the weight, or null
    private final ElementType type;
    private final Activation activation;
    private final TypedKernels converts;
    private volatile MatrixPlan[] plans = new MatrixPlan[0];
    private volatile SplitChoice[] splits = new SplitChoice[0];

    /**
     * Over weights that are on the card already.
     *
     * @param newBias of any type, or null
     */
    CudaLinear(CudaBackend backend, Arena arena, Tensor weight, Tensor newBias, Activation activation) {
        this.backend = backend;
        this.cuda = backend.cuda();
        this.weight = weight;
        this.type = ElementType.of("weight", weight);
        this.activation = activation;
        this.bias = newBias == null ? null : CudaWeights.copy(cuda, arena, newBias, ElementType.F32);
        this.ownBias = newBias == null || type == ElementType.F32 ? bias : CudaWeights.copy(cuda, arena, newBias, type);
        converts = new TypedKernels(cuda, other -> "convert_" + other.label() + "_" + type.label());
    }

    /** Of the products' factors. */
    ElementType type() {
        return type;
    }

    Tensor weight() {
        return weight;
    }

    /** In the type of the weight; null without one. */
    Tensor ownBias() {
        return ownBias;
    }

    Activation activation() {
        return activation;
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
        Operands.requireMatrix("x", x, rows, inFeatures());
        Operands.requireMatrix("out", out, rows, outFeatures());
        run(own, x.address(), x.rowStride(), ElementType.of("x", x), rows, out, 0, add);
        own.launched();
    }

    /**
     * Launches the product.
     *
     * @param x address of [rows, K]
     * @param xStride in elements
     * @param firstRow of the result in {@code out}
     */
    void run(CudaContext own, long x, int xStride, ElementType xType, int rows, Tensor out, int firstRow,
            boolean add) {
        if (rows == 0) {
            return;
        }
        int K = inFeatures();
        ElementType outType = ElementType.of("out", out);
        if (outType != type && outType != ElementType.F32) {
            throw new IllegalArgumentException("result has a type that the product cannot have: out=" + out
                    + " expected=F32 or " + type.dtype());
        }
        long factor = x;
        int factorStride = xStride;
        if (xType != type) {
            factor = own.scratch((long) rows * K * type.sizeBytes());
            factorStride = K;
            own.launch(converts.get(xType)).pointer(x).number(xStride).number(rows).number(K).pointer(factor)
                    .number(K).run(cuda.walkingBlocks((long) rows * K, WARPS * Launch.WARP), 1, 1, WARPS, 0);
        }
        long result = out.address() + (long) firstRow * out.rowStride() * outType.sizeBytes();
        plan(own, factor, factorStride, rows, result, out.rowStride(), outType, add).run(own, weight.address(), factor,
                result);
    }

    /**
     * The way of few rows to a sum and a layer norm, or null where it is slower than the product and the layer norm one after
     * the other, or not possible; chosen once per number of rows.
     */
    SplitProduct split(CudaContext own, Tensor in, int rows, Tensor x, CudaLayerNorm norm, Tensor normed) {
        if (!SplitProduct.takes(type, in, x, normed)) {
            return null;
        }
        for (SplitChoice choice : splits) {
            if (choice.rows == rows) {
                return choice.split;
            }
        }
        return newSplit(own, in, rows, norm, normed);
    }

    private synchronized SplitProduct newSplit(CudaContext own, Tensor in, int rows, CudaLayerNorm norm,
            Tensor normed) {
        for (SplitChoice choice : splits) {
            if (choice.rows == rows) {
                return choice.split; // of another session that came first
            }
        }
        SplitProduct split = SplitProduct.of(cuda, weight, bias, rows);
        if (split != null) {
            SplitProduct candidate = split;
            String key = "split" + rows + "n" + outFeatures() + "k" + inFeatures() + type.label() + "a"
                    + MatrixShape.alignment(in.address());
            // In a stream of its own: what is measured must not change the session's.
            boolean faster;
            try (Arena arena = new Arena(cuda.memory())) {
                Tensor stream = arena.allocate(DType.F32, rows, outFeatures());
                faster = backend.algorithms().isFaster(own, key, () -> candidate.run(own, in, stream, norm, normed),
                        () -> {
                            run(own, in.address(), in.rowStride(), type, rows, stream, 0, true);
                            norm.launch(own, stream, rows, normed);
                        });
            }
            if (!faster) {
                split = null;
            }
        }
        SplitChoice[] more = Arrays.copyOf(splits, splits.length + 1);
        more[splits.length] = new SplitChoice(rows, split);
        splits = more;
        return split;
    }

    private MatrixPlan plan(CudaContext own, long x, int xStride, int rows, long out, int outStride,
            ElementType outType, boolean add) {
        for (MatrixPlan plan : plans) {
            if (plan.fits(x, xStride, rows, out, outStride, outType, add)) {
                return plan;
            }
        }
        return newPlan(own, x, out,
                new MatrixShape(outFeatures(), rows, inFeatures(), xStride, outStride, type, outType,
                        backend.widePrecision(), activation, bias != null, add, MatrixShape.alignment(x),
                        MatrixShape.alignment(out)));
    }

    private synchronized MatrixPlan newPlan(CudaContext own, long x, long out, MatrixShape shape) {
        for (MatrixPlan plan : plans) {
            if (plan.fits(x, shape.xStride(), shape.rows(), out, shape.outStride(), shape.outType(), shape.add())) {
                return plan; // of another session that came first
            }
        }
        long biasAddress = bias == null
                ? 0
                : shape.outType() == ElementType.F32 ? bias.address() : ownBias.address();
        MatrixPlan plan = new MatrixPlan(cuda, shape, biasAddress, bias == null ? 0 : bias.address());
        backend.keep(plan);
        backend.algorithms().choose(own, plan, weight.address(), x);
        MatrixPlan[] more = Arrays.copyOf(plans, plans.length + 1);
        more[plans.length] = plan;
        plans = more;
        return plan;
    }
}
