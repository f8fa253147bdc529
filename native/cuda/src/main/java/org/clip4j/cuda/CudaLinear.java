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
 * Products of one matrix of weights, planned once per shape of the other operands. Sums are f32. Immutable but for what
 * is found out in the first calls; shared by sessions.
 */
final class CudaLinear implements Linear {
    /**
     * What lies on the card.
     *
     * @param matrix [N,K]
     * @param bias [N] in f32, for kernels of our own; null where there are none, or no bias
     * @param besideF32 [N] in the type that cublasLt wants for results in f32, or null
     * @param besideOwn the same for results in the layer's own type
     */
    private record OnCard(Tensor matrix, Tensor bias, Tensor besideF32, Tensor besideOwn) {
        static OnCard wide(CudaDevice cuda, Arena arena, Tensor matrix, Tensor bias) {
            ElementType type = ElementType.of("weight", matrix);
            Tensor wide = bias == null ? null : CudaWeights.copy(cuda, arena, bias, ElementType.F32);
            return new OnCard(matrix, wide, wide,
                    bias == null || type == ElementType.F32 ? wide : CudaWeights.copy(cuda, arena, bias, type));
        }

        static OnCard fp8(CudaDevice cuda, Arena arena, Tensor weight, float scale, Tensor bias) {
            // cublasLt's table of types has bf16 beside results in f32.
            return new OnCard(CudaWeights.e4m3(cuda, arena, weight, scale), null,
                    CudaWeights.copy(cuda, arena, bias, ElementType.BF16),
                    CudaWeights.copy(cuda, arena, bias, ElementType.F16));
        }
    }

    /** What was chosen for a number of rows. */
    private record SplitChoice(int rows, SplitProduct split) {}

    private static final String UNMEASURED = "no room to measure products, so the first guess is taken in this process";

    private final CudaBackend backend;
    private final CudaDevice cuda;
    private final OnCard weights;
    private final RowFactors factors;
    private final ElementType type;
    private final Precision precision;
    private final Activation activation;
    private volatile MatrixPlan[] plans = new MatrixPlan[0];
    private volatile SplitChoice[] splits = new SplitChoice[0];

    private CudaLinear(CudaBackend backend, OnCard weights, RowFactors factors, ElementType type, Precision precision,
            Activation activation) {
        this.backend = backend;
        this.cuda = backend.cuda();
        this.weights = weights;
        this.factors = factors;
        this.type = type;
        this.precision = precision;
        this.activation = activation;
    }

    /**
     * Over weights that are on the card already, in the type of the products' factors.
     *
     * @param bias of any type, or null
     */
    CudaLinear(CudaBackend backend, Arena arena, Tensor weight, Tensor bias, Activation activation) {
        this(backend, OnCard.wide(backend.cuda(), arena, weight, bias),
                new WideFactors(backend.cuda(), ElementType.of("weight", weight)), ElementType.of("weight", weight),
                backend.widePrecision(), activation);
    }

    /** In e4m3, between activations in f16; of a weight and a bias of any type that {@link Fp8Factors#suit} it. */
    static CudaLinear fp8(CudaBackend backend, Arena arena, Tensor weight, Tensor bias, Activation activation) {
        float scale = Fp8Factors.weightScale(weight);
        return new CudaLinear(backend, OnCard.fp8(backend.cuda(), arena, weight, scale, bias),
                new Fp8Factors(backend.cuda(), arena, scale), ElementType.F16, Precision.FP8, activation);
    }

    /** Of what lies between layers, and of factors that are not in 8 bits. */
    ElementType type() {
        return type;
    }

    /** That the products are computed in. */
    Precision precision() {
        return precision;
    }

    Tensor weight() {
        return weights.matrix;
    }

    /** In the type of the weight; null without one. */
    Tensor ownBias() {
        return weights.besideOwn;
    }

    Activation activation() {
        return activation;
    }

    @Override
    public int inFeatures() {
        return weights.matrix.columns();
    }

    @Override
    public int outFeatures() {
        return weights.matrix.rows();
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
        boolean asItIs = factors.take(xType);
        long factor = asItIs ? x : factors.make(own, x, xStride, xType, rows, K);
        if (own.isRehearsing()) {
            return;
        }
        long result = out.address() + (long) firstRow * out.rowStride() * outType.sizeBytes();
        MatrixPlan plan = plan(own, factor, asItIs ? xStride : K, rows, result, out.rowStride(), outType, add);
        factors.multiply(own, plan, weights.matrix.address(), factor, result);
    }

    /**
     * The way of few rows to a sum and a layer norm, or null where it is slower than the product and the layer norm one
     * after the other, or not possible; chosen once per number of rows.
     */
    SplitProduct split(CudaContext own, Tensor in, int rows, Tensor x, CudaLayerNorm norm, Tensor normed) {
        if (precision == Precision.FP8 || !SplitProduct.takes(type, in, x, normed)) {
            return null;
        }
        if (own.isRehearsing()) {
            own.scratch(SplitProduct.mostScratchBytes(cuda, weights.matrix, weights.bias, rows));
            return null; // so that the plain way is rehearsed, too, and the larger of both is what is taken
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
        SplitProduct split = SplitProduct.of(cuda, weights.matrix, weights.bias, rows);
        if (split != null) {
            SplitProduct candidate = split;
            String key = "split" + rows + "n" + outFeatures() + "k" + inFeatures() + type.label() + "a"
                    + MatrixShape.alignment(in.address());
            AlgorithmSearch.Known known = backend.algorithms().known(own, key);
            boolean faster = known == AlgorithmSearch.Known.FASTER;
            if (known == AlgorithmSearch.Known.OPEN) {
                // In a stream of its own: what is measured must not change the session's.
                try (Arena arena = new Arena(cuda.memory())) {
                    Tensor stream = arena.allocate(DType.F32, rows, outFeatures());
                    faster = backend.algorithms().isFaster(own, key,
                            () -> candidate.run(own, in, stream, norm, normed), () -> {
                                run(own, in.address(), in.rowStride(), type, rows, stream, 0, true);
                                norm.launch(own, stream, rows, normed);
                            });
                } catch (OutOfMemoryError e) {
                    backend.tellDetour(UNMEASURED, "key=" + key, e);
                }
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
                new MatrixShape(outFeatures(), rows, inFeatures(), xStride, outStride, type, outType, precision,
                        activation, weights.besideF32 != null, add, MatrixShape.alignment(x),
                        MatrixShape.alignment(out)));
    }

    private synchronized MatrixPlan newPlan(CudaContext own, long x, long out, MatrixShape shape) {
        for (MatrixPlan plan : plans) {
            if (plan.fits(x, shape.xStride(), shape.rows(), out, shape.outStride(), shape.outType(), shape.add())) {
                return plan; // of another session that came first
            }
        }
        Tensor bias = shape.outType() == ElementType.F32 ? weights.besideF32 : weights.besideOwn;
        MatrixPlan plan = new MatrixPlan(cuda, shape, address(bias), address(weights.bias));
        backend.keep(plan);
        factors.bind(plan, x);
        choose(own, plan, x);
        MatrixPlan[] more = Arrays.copyOf(plans, plans.length + 1);
        more[plans.length] = plan;
        plans = more;
        return plan;
    }

    private void choose(CudaContext own, MatrixPlan plan, long x) {
        try {
            backend.algorithms().choose(own, plan, weights.matrix.address(), x);
        } catch (OutOfMemoryError e) {
            // What is measured has a result of its own. Where that finds no room, the first guess must do.
            backend.tellDetour(UNMEASURED, "key=" + plan.shape().key(), e);
            backend.guesses().choose(own, plan, weights.matrix.address(), x);
        }
    }

    private static long address(Tensor bias) {
        return bias == null ? 0 : bias.address();
    }
}
