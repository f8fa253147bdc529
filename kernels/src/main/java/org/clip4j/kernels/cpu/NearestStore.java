package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.RowCodes;
import org.clip4j.kernels.Tensor;

/** The rows that are searched. Nobody may search while rows are set. */
final class NearestStore {
    /** Fewer rows are not worth waking other threads for. */
    private static final int PART_ROWS = 256;

    private final RowBlocks blocks;
    private final boolean fixed;
    private final CodedRows coded;
    private final MatrixEngine.Workers workers;
    private volatile double largestNorm;

    private NearestStore(RowBlocks blocks, boolean fixed, CodedRows coded, MatrixEngine.Workers workers) {
        this.blocks = blocks;
        this.fixed = fixed;
        this.coded = coded;
        this.workers = workers;
    }

    /** Zeros; with {@code isCoded}, in 8 bits, too. */
    NearestStore(Arena arena, int width, int capacityRows, DType stored, boolean isCoded,
            MatrixEngine.Workers workers) {
        this(new RowBlocks(arena, stored, width, capacityRows), false,
                isCoded ? new CodedRows(arena, width, capacityRows) : null, workers);
    }

    /** Over rows that are there; all are read. */
    static NearestStore of(RowBlocks rows, MatrixEngine.Workers workers) {
        NearestStore store = new NearestStore(rows, true, null, workers);
        store.take(0, null, rows.rows());
        return store;
    }

    /** Over rows that are there, with their codes; none is read. */
    static NearestStore of(RowBlocks rows, RowCodes codes) {
        NearestStore store = new NearestStore(rows, true, new CodedRows(codes.codes(), codes.scales()), null);
        store.largestNorm = codes.largestNorm();
        return store;
    }

    /** Codes of rows, in an arena. */
    static RowCodes codes(Arena arena, RowBlocks rows, MatrixEngine.Workers workers) {
        CodedRows coded = new CodedRows(arena, rows.width(), rows.rows());
        NearestStore store = new NearestStore(rows, true, coded, workers);
        store.take(0, null, rows.rows());
        return new RowCodes(coded.codes(), coded.scales(), store.largestNorm);
    }

    /** Stores rows of the stored type, or of F32. */
    void set(int firstRow, Tensor rows, int count) {
        take(firstRow, rows, count);
    }

    /** Takes rows in, or looks at those that are there, on all threads. */
    private void take(int firstRow, Tensor rows, int count) {
        int parts = (count + PART_ROWS - 1) / PART_ROWS;
        double[] largest = new double[parts];
        if (parts == 1) {
            largest[0] = takePart(firstRow, rows, 0, count);
        } else {
            workers.forEach(parts, part -> largest[part] = takePart(firstRow, rows, part * PART_ROWS,
                    Math.min(count, (part + 1) * PART_ROWS)));
        }
        for (double each : largest) {
            largestNorm = Math.max(largestNorm, each);
        }
    }

    private double takePart(int firstRow, Tensor rows, int from, int to) {
        float[] values = new float[width()];
        byte[] codes = new byte[coded == null ? 0 : width()];
        double largest = 0;
        for (int i = from; i < to; i++) {
            int row = firstRow + i;
            Tensor block = blocks.blockOf(row);
            if (rows != null) {
                StoredRows.copy(rows, i, block, blocks.rowInBlock(row), width());
            }
            StoredRows.widen(block, blocks.rowInBlock(row), values);
            if (coded != null) {
                coded.set(row, values, codes);
            }
            // A row without a norm does not count: its products are no numbers, or infinite as its scores are.
            double norm = Math.sqrt(RowMath.dot(values, values, values.length));
            largest = norm < Double.POSITIVE_INFINITY ? Math.max(largest, norm) : largest;
        }
        return largest;
    }

    /** The rows in 8 bits, or null. */
    CodedRows coded() {
        return coded;
    }

    RowBlocks blocks() {
        return blocks;
    }

    int width() {
        return blocks.width();
    }

    /** Whether the rows were there already. */
    boolean fixed() {
        return fixed;
    }

    /** The largest finite norm of a row, of all that were ever set. */
    double largestNorm() {
        return largestNorm;
    }
}
