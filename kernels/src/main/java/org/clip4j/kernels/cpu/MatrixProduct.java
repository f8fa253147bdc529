package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Tensor;

/**
 * Arguments of one matrix product on f32 tensors; an object that a thread reuses. Offsets and strides are in elements.
 * C [m, n] = A * B, where A is [m, k], or [k, m] when it is transposed, and B is [k, n], or [n, k] when it is.
 */
public final class MatrixProduct {
    /** An operand: a tensor, the element it starts at, and the distance between its rows. */
    public static final class Operand {
        private Tensor tensor;
        private int offset;
        private int stride;

        void set(Tensor newTensor, int newOffset, int newStride) {
            this.tensor = newTensor;
            this.offset = newOffset;
            this.stride = newStride;
        }

        /** The tensor that the operand is a part of. */
        public Tensor tensor() {
            return tensor;
        }

        /** First element within the tensor. */
        public int offset() {
            return offset;
        }

        /** Elements from one row to the next. */
        public int stride() {
            return stride;
        }

        /**
         * Native address of the first element.
         *
         * @throws IllegalStateException when the tensor has none, or is not F32
         */
        public long address() {
            return NativeRows.address(tensor) + (long) offset * Float.BYTES;
        }
    }

    private final Operand a = new Operand();
    private final Operand b = new Operand();
    private final Operand c = new Operand();
    private int m;
    private int n;
    private int k;
    private boolean transposeA;
    private boolean transposeB;
    private boolean accumulate;
    private float scale;

    /** Sets A [m, k], starting at an element, rows {@code stride} elements apart. */
    public MatrixProduct a(Tensor tensor, int offset, int stride) {
        a.set(tensor, offset, stride);
        transposeA = false;
        return this;
    }

    /** Sets A as the transpose of a matrix [k, m]: the gradient of a weight is one, of rows of the layer's output. */
    public MatrixProduct aTransposed(Tensor tensor, int offset, int stride) {
        a.set(tensor, offset, stride);
        transposeA = true;
        return this;
    }

    /** Sets B [k, n]. */
    public MatrixProduct b(Tensor tensor, int offset, int stride) {
        b.set(tensor, offset, stride);
        transposeB = false;
        return this;
    }

    /** Sets B as the transpose of a matrix [n, k]. */
    public MatrixProduct bTransposed(Tensor tensor, int offset, int stride) {
        b.set(tensor, offset, stride);
        transposeB = true;
        return this;
    }

    /** Sets C, which is overwritten, or added to. */
    public MatrixProduct c(Tensor tensor, int offset, int stride, boolean add) {
        c.set(tensor, offset, stride);
        accumulate = add;
        return this;
    }

    /** Sets the sizes, and a factor for the product. */
    public MatrixProduct size(int newM, int newN, int newK, float newScale) {
        this.m = newM;
        this.n = newN;
        this.k = newK;
        this.scale = newScale;
        return this;
    }

    /** The left operand. */
    public Operand a() {
        return a;
    }

    /** The right operand. */
    public Operand b() {
        return b;
    }

    /** The result. */
    public Operand c() {
        return c;
    }

    /** Rows of A and C. */
    public int m() {
        return m;
    }

    /** Columns of C. */
    public int n() {
        return n;
    }

    /** Columns of A, rows of B. */
    public int k() {
        return k;
    }

    /** True when A is stored as [k, m]. */
    public boolean transposeA() {
        return transposeA;
    }

    /** True when B is stored as [n, k]. */
    public boolean transposeB() {
        return transposeB;
    }

    /** True when the product is added to C. */
    public boolean accumulate() {
        return accumulate;
    }

    /** Factor of the product. */
    public float scale() {
        return scale;
    }
}
