package org.clip4j.kernels.reference;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/** All scores in double precision, and the largest of them, one after the other. */
final class ReferenceNearestRows implements NearestRows {
    private final RowBlocks blocks;
    private final DType stored;
    private final boolean fixed;

    ReferenceNearestRows(Arena arena, int width, int capacityRows, DType stored) {
        Operands.checkNearestRows(width, capacityRows, stored);
        this.blocks = new RowBlocks(arena, stored, width, capacityRows);
        this.stored = stored;
        this.fixed = false;
    }

    /** Over rows that are there. */
    ReferenceNearestRows(RowBlocks rows) {
        Operands.checkNearestRows(rows.width(), rows.rows(), rows.dtype());
        this.blocks = rows;
        this.stored = rows.dtype();
        this.fixed = true;
    }

    @Override
    public int width() {
        return blocks.width();
    }

    @Override
    public int capacityRows() {
        return blocks.rows();
    }

    @Override
    public DType stored() {
        return stored;
    }

    @Override
    public void set(ExecutionContext context, int firstRow, Tensor rows, int count) {
        Operands.checkNearestSet(this, fixed, firstRow, rows, count);
        for (int i = 0; i < count; i++) {
            for (int column = 0; column < width(); column++) {
                blocks.blockOf(firstRow + i).set(blocks.rowInBlock(firstRow + i), column, rows.get(i, column));
            }
        }
    }

    @Override
    public void run(ExecutionContext context, Tensor queries, int count, int rows, int k, Tensor scores,
            Tensor indices) {
        Operands.checkNearest(this, queries, count, rows, k, scores, indices);
        double[] all = new double[rows];
        for (int query = 0; query < count; query++) {
            for (int row = 0; row < rows; row++) {
                all[row] = score(queries, query, row);
            }
            boolean[] taken = new boolean[rows];
            for (int i = 0; i < k; i++) {
                int nearest = -1;
                for (int row = 0; row < rows; row++) {
                    if (!taken[row] && (nearest < 0 || all[row] > all[nearest])) {
                        nearest = row;
                    }
                }
                taken[nearest] = true;
                scores.set(query, i, all[nearest]);
                indices.bytes().putInt((query * indices.rowStride() + i) * Integer.BYTES, nearest);
            }
        }
    }

    private double score(Tensor queries, int query, int row) {
        double sum = 0;
        for (int column = 0; column < width(); column++) {
            sum += queries.get(query, column) * blocks.blockOf(row).get(blocks.rowInBlock(row), column);
        }
        return Double.isNaN(sum) ? Double.NEGATIVE_INFINITY : sum;
    }
}
