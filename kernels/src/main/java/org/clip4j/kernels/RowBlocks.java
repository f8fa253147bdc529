package org.clip4j.kernels;

import java.util.List;

/**
 * A matrix of more than 2 GB: blocks of equally many rows, a power of two, the last block with what remains. Views of an
 * arena's memory; immutable.
 */
public final class RowBlocks {
    /** Rows of a block at least, so that backends can walk over blocks in steps of any power of two up to here. */
    public static final int MIN_ROWS = 256;
    private static final int MAX_BYTES = 1 << 30;

    private final Tensor[] blocks;
    private final int shift;
    private final int width;
    private final int rows;

    /**
     * Zeros.
     *
     * @param width columns of a row
     * @param rows at least 1
     */
    public RowBlocks(Arena arena, DType dtype, int width, int rows) {
        int blockRows = blockRows(dtype, width);
        this.shift = Integer.numberOfTrailingZeros(blockRows);
        this.width = width;
        this.rows = rows;
        this.blocks = new Tensor[(int) (((long) rows + blockRows - 1) >> shift)];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = arena.allocate(dtype, Math.min(blockRows, rows - (i << shift)), width);
        }
    }

    /**
     * Over memory that is there, and must stay.
     *
     * @param given blocks, contiguous, of one type and width; all but the last of one power of two of rows, at least
     *        {@link #MIN_ROWS}, and the last not of more
     * @throws IllegalArgumentException when they are not
     */
    public RowBlocks(List<Tensor> given) {
        Tensor first = given.get(0);
        int blockRows = given.size() == 1 ? Math.max(MIN_ROWS, roundedUp(first.rows())) : first.rows();
        this.shift = Integer.numberOfTrailingZeros(blockRows);
        this.width = first.columns();
        this.blocks = given.toArray(new Tensor[0]);
        long sum = 0;
        for (int i = 0; i < blocks.length; i++) {
            Tensor block = blocks[i];
            boolean last = i == blocks.length - 1;
            if (blockRows < MIN_ROWS || blockRows != 1 << shift || block.dtype() != first.dtype()
                    || block.columns() != width || !block.isContiguous() || block.rows() == 0
                    || block.rows() > blockRows || (!last && block.rows() != blockRows)) {
                throw new IllegalArgumentException("blocks of rows do not fit together: index=" + i + " block=" + block
                        + " expected=" + first.dtype() + "[" + blockRows + "," + width + "]");
            }
            sum += block.rows();
        }
        this.rows = Math.toIntExact(sum);
    }

    private static int roundedUp(int rows) {
        return rows <= 1 ? 1 : Integer.highestOneBit(rows - 1) << 1;
    }

    /**
     * Rows of a block of a matrix of this width: what {@link #RowBlocks(Arena, DType, int, int)} makes, and a mapped file
     * may be cut into.
     */
    public static int blockRows(DType dtype, int width) {
        return Integer.highestOneBit(Math.max(MIN_ROWS, MAX_BYTES / Math.multiplyExact(width, dtype.sizeBytes())));
    }

    /** Element type. */
    public DType dtype() {
        return blocks[0].dtype();
    }

    /** Number of blocks. */
    public int count() {
        return blocks.length;
    }

    /** A block [rows, width]. */
    public Tensor block(int index) {
        return blocks[index];
    }

    /** Row r is row {@code r & ((1 << shift) - 1)} of block {@code r >> shift}. */
    public int shift() {
        return shift;
    }

    /** The block that a row lies in. */
    public Tensor blockOf(int row) {
        return blocks[row >> shift];
    }

    /** Number of the block that a row lies in. */
    public int index(int row) {
        return row >> shift;
    }

    /** Number of a row within its block. */
    public int rowInBlock(int row) {
        return row & ((1 << shift) - 1);
    }

    /** Rows from {@code row} to the end of its block. */
    public int rowsFrom(int row) {
        return blockOf(row).rows() - rowInBlock(row);
    }

    /** Columns. */
    public int width() {
        return width;
    }

    /** All rows. */
    public int rows() {
        return rows;
    }
}
