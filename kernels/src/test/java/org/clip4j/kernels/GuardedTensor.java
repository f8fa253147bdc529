package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A result in the middle of a larger matrix: a row before it, a row after it, and padding left and right of every row
 * when it is strided. All of it starts as one unlikely NaN, so that whoever reads it spoils the result, and whoever
 * writes beside it is found out.
 */
final class GuardedTensor {
    /** How far a value may be from the expected one. */
    @FunctionalInterface
    interface Limit {
        /** The largest allowed absolute difference of one element. */
        double at(int row, int column);
    }

    private static final int GUARD = 0x7FC0_5A5A;

    private final Tensor whole;
    private final Tensor inner;
    private final int padding;
    private final long seed;

    GuardedTensor(Arena arena, int rows, int columns, int padding, long seed) {
        this.whole = arena.allocate(DType.F32, rows + 2, columns + 2 * padding);
        this.inner = whole.rows(1, rows + 1).columns(padding, padding + columns);
        this.padding = padding;
        this.seed = seed;
        for (int i = 0; i < whole.elements(); i++) {
            whole.bytes().putInt(i * Float.BYTES, GUARD);
        }
    }

    /** The guarded part. */
    Tensor tensor() {
        return inner;
    }

    /** Stores the values of a matrix of the same size, or any part of a row that it has. */
    void fill(Tensor values) {
        for (int row = 0; row < inner.rows(); row++) {
            for (int column = 0; column < inner.columns(); column++) {
                inner.set(row, column, values.get(row, column));
            }
        }
    }

    /** Compares every value with the expected one, and looks at the guards. */
    void check(String what, Tensor expected, Limit limit) {
        int outside = 0;
        double worst = 0;
        String worstText = "";
        for (int row = 0; row < inner.rows(); row++) {
            for (int column = 0; column < inner.columns(); column++) {
                double want = expected.get(row, column);
                double got = inner.get(row, column);
                double allowed = limit.at(row, column);
                double excess = Math.abs(want - got) / allowed;
                if (want == got || excess <= 1) {
                    continue;
                }
                outside++;
                // NaN counts as infinitely wrong.
                double rank = Double.isNaN(excess) ? Double.POSITIVE_INFINITY : excess;
                if (rank > worst) {
                    worst = rank;
                    worstText = "row=" + row + " column=" + column + " expected=" + want + " actual=" + got + " limit="
                            + allowed;
                }
            }
        }
        assertThat(outside).as("%s: worst %s; values outside=%d of %d, seed=%d", what, worstText, outside,
                inner.rows() * inner.columns(), seed).isZero();
        checkGuards(what);
    }

    private void checkGuards(String what) {
        for (int i = 0; i < whole.elements(); i++) {
            int row = i / whole.columns();
            int column = i % whole.columns();
            boolean inside = row > 0 && row <= inner.rows() && column >= padding
                    && column < padding + inner.columns();
            int bits = whole.bytes().getInt(i * Float.BYTES);
            if (!inside && bits != GUARD) {
                throw new AssertionError(what + ": written outside the output: row=" + (row - 1) + " column="
                        + (column - padding) + " value=" + Float.intBitsToFloat(bits) + " rows=" + inner.rows()
                        + " columns=" + inner.columns() + " seed=" + seed);
            }
        }
    }
}
