package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/**
 * Rows in 8 bits, r = scale * c + e with c from -127 to 127, and with them the norm of e, which they lack. A query in 16
 * bits is q = worth * d + f. So the score r * q is scale * worth * (c * d), which is a sum of whole numbers, and what is
 * missing, scale * (c * f) + e * q, is at most |e| (|q| + |f|) + |r| |f|, after Cauchy and Schwarz and |scale * c| <= |r| +
 * |e|. {@link CodedQueries} has what belongs to the query.
 *
 * <p>Memory: E + 8 bytes for each row, beside the rows themselves.
 */
final class CodedRows {
    /** Largest code. */
    static final int LARGEST = 127;
    /** Below, a row is all that its codes lack: scales would not be normal numbers. */
    static final float SMALLEST = 0x1p-100f;
    /** More than sums in double precision are off by. */
    private static final double SUM_ERROR = 1e-12;

    private final RowBlocks codes;
    private final RowBlocks scales;

    /** Of rows of zeros. */
    CodedRows(Arena arena, int width, int rows) {
        this(new RowBlocks(arena, DType.I8, width, rows), new RowBlocks(arena, DType.F32, 2, rows));
    }

    /** Of rows that have been coded. */
    CodedRows(RowBlocks codes, RowBlocks scales) {
        this.codes = codes;
        this.scales = scales;
    }

    /**
     * Codes a row. Different rows may be coded by different threads.
     *
     * @param row of the same length, overwritten
     */
    void set(int number, float[] values, byte[] row) {
        float largest = 0;
        for (float value : values) {
            largest = Math.max(largest, Math.abs(value));
        }
        boolean coded = largest >= SMALLEST && largest <= Float.MAX_VALUE;
        float scale = coded ? largest / LARGEST : 0;
        float inverse = coded ? 1 / scale : 0;
        double squares = 0;
        for (int i = 0; i < values.length; i++) {
            // To the nearest, but for what f32 loses beside 128, which the remainder has.
            int code = coded ? (int) (values[i] * inverse + (LARGEST + 1.5f)) - (LARGEST + 1) : 0;
            double lacking = values[i] - (double) scale * code;
            squares += lacking * lacking;
            row[i] = (byte) code;
        }
        codes.blockOf(number).bytes().put(codes.rowInBlock(number) * values.length, row);
        Tensor block = scales.blockOf(number);
        int at = scales.rowInBlock(number) * 2;
        block.floats().put(at, scale);
        // Nobody knows how near a row is that has no norm.
        block.floats().put(at + 1, squares < Double.POSITIVE_INFINITY ? atLeast(squares) : Float.POSITIVE_INFINITY);
    }

    private static float atLeast(double squares) {
        return roundedUp(Math.sqrt(squares) * (1 + SUM_ERROR));
    }

    /** The smallest float that is not below. */
    static float roundedUp(double value) {
        float rounded = (float) value;
        return rounded < value ? Math.nextUp(rounded) : rounded;
    }

    /** I8 [N,E]. */
    RowBlocks codes() {
        return codes;
    }

    /** F32 [N,2]: what a code is worth, and the norm of what the codes lack. */
    RowBlocks scales() {
        return scales;
    }

    /** Rows from {@code number} on that lie together in both. */
    int rowsFrom(int number) {
        return Math.min(codes.rowsFrom(number), scales.rowsFrom(number));
    }
}
