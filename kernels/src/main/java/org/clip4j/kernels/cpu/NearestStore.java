package org.clip4j.kernels.cpu;

import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
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

    /** Zeros; with {@code isCoded}, in 8 bits, too. */
    NearestStore(Arena arena, int width, int capacityRows, DType stored, boolean isCoded,
            MatrixEngine.Workers workers) {
        this.blocks = new RowBlocks(arena, stored, width, capacityRows);
        this.fixed = false;
        this.coded = isCoded ? new CodedRows(arena, width, capacityRows) : null;
        this.workers = workers;
    }

    /**
     * Over rows that are there.
     *
     * @param accept makes a block known to what searches
     * @param codesArena receives the rows in 8 bits; null without them
     */
    NearestStore(RowBlocks rows, UnaryOperator<Tensor> accept, Arena codesArena, MatrixEngine.Workers workers) {
        List<Tensor> accepted = new ArrayList<>();
        for (int i = 0; i < rows.count(); i++) {
            accepted.add(accept.apply(rows.block(i)));
        }
        this.blocks = new RowBlocks(accepted);
        this.fixed = true;
        this.coded = codesArena == null ? null : new CodedRows(codesArena, rows.width(), rows.rows());
        this.workers = workers;
        take(0, null, rows.rows());
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
