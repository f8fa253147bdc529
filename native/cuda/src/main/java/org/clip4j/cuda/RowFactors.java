package org.clip4j.cuda;

/** How rows become the first factor of a layer's products. Immutable; shared by sessions. */
interface RowFactors {
    /** Whether rows of a type are a factor as they lie there. */
    boolean take(ElementType type);

    /**
     * Launches what makes a factor of rows of another type.
     *
     * @param x address of [rows, K]
     * @param xStride in elements
     * @return where it will be: [rows, K] without gaps, in the session's scratch memory
     */
    long make(CudaContext own, long x, int xStride, ElementType type, int rows, int K);

    /** Tells a new plan what it has to know of such factors. */
    void bind(MatrixPlan plan, long factor);

    /** Launches a product. */
    void multiply(CudaContext own, MatrixPlan plan, long weight, long factor, long out);
}
