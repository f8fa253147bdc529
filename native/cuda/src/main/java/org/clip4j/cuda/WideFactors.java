package org.clip4j.cuda;

/** Factors of 16 or 32 bits: rows of that type themselves, and others converted. Immutable. */
final class WideFactors implements RowFactors {
    private static final int WARPS = 8;

    private final CudaDevice cuda;
    private final ElementType type;
    private final TypedKernels converts;

    WideFactors(CudaDevice cuda, ElementType type) {
        this.cuda = cuda;
        this.type = type;
        converts = new TypedKernels(cuda, other -> "convert_" + other.label() + "_" + type.label());
    }

    @Override
    public boolean take(ElementType other) {
        return other == type;
    }

    @Override
    public long make(CudaContext own, long x, int xStride, ElementType other, int rows, int K) {
        long factor = own.scratch((long) rows * K * type.sizeBytes());
        own.launch(converts.get(other)).pointer(x).number(xStride).number(rows).number(K).pointer(factor).number(K)
                .run(cuda.walkingBlocks((long) rows * K, WARPS * Launch.WARP), 1, 1, WARPS, 0);
        return factor;
    }

    @Override
    public void bind(MatrixPlan plan, long factor) {
        // An address in each call is all that a product needs.
    }

    @Override
    public void multiply(CudaContext own, MatrixPlan plan, long weight, long factor, long out) {
        plan.run(own, weight, factor, out);
    }
}
