package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Tensor;

/** Arguments of a call of a {@link PackedLayer}; an object that a session reuses. Lanes only read it. */
public final class PackedCall {
    private Tensor x;
    private int xStride;
    private Tensor out;
    private int firstOutRow;
    private int rows;
    private boolean add;
    private Tensor prepared;

    /** Sets the input, [rows, K] from the tensor's start, rows {@code stride} elements apart. */
    PackedCall input(Tensor newX, int stride, int newRows) {
        this.x = newX;
        this.xStride = stride;
        this.rows = newRows;
        this.prepared = null;
        return this;
    }

    /** Sets the output, of which row {@code firstRow} belongs to the input's first. */
    PackedCall output(Tensor newOut, int firstRow, boolean newAdd) {
        this.out = newOut;
        this.firstOutRow = firstRow;
        this.add = newAdd;
        return this;
    }

    /** Sets the scratch for converted input. */
    PackedCall prepared(Tensor scratch) {
        this.prepared = scratch;
        return this;
    }

    /** The tensor at whose start the input lies. */
    public Tensor x() {
        return x;
    }

    /** Elements from one row of the input to the next. */
    public int xStride() {
        return xStride;
    }

    /**
     * Native address of a row of the input.
     *
     * @throws IllegalStateException when the tensor has none, or is not F32
     */
    public long xAddress(int row) {
        return NativeRows.address(x) + (long) row * xStride * Float.BYTES;
    }

    /** The output. */
    public Tensor out() {
        return out;
    }

    /** The output row that belongs to a row of the input. */
    public int outRow(int row) {
        return firstOutRow + row;
    }

    /** First element of the output row that belongs to a row of the input. */
    public int outOffset(int row) {
        return outRow(row) * out.rowStride();
    }

    /**
     * Native address of the output row that belongs to a row of the input.
     *
     * @throws IllegalStateException when the tensor has none, or is not F32
     */
    public long outAddress(int row) {
        return NativeRows.address(out) + (long) outOffset(row) * Float.BYTES;
    }

    /** Rows of the input. */
    public int rows() {
        return rows;
    }

    /** True when the product is added to what the output holds. */
    public boolean add() {
        return add;
    }

    /** Scratch of {@link PackedLayer#preparedFloats} floats, shared by all lanes. */
    public Tensor prepared() {
        return prepared;
    }
}
