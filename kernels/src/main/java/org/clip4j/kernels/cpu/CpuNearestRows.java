package org.clip4j.kernels.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/**
 * Tiles of rows are multiplied with all queries of a call by the matrix engine. Its products only choose candidates: those
 * that are not below the k-th score so far by more than the engine's rounding are scored anew in double precision, so that
 * results do not depend on the engine or the cut. Each part of the rows has a sorted list per query; a second pass merges
 * these.
 */
final class CpuNearestRows implements NearestRows, CpuOperation {
    /** Queries of one pass over the rows. */
    static final int MAX_QUERIES = 256;
    /** Floats of a tile: with its products it stays in a level-2 cache. */
    private static final int TILE_FLOATS = 1 << 16;
    private static final int MAX_TILE_ROWS = RowBlocks.MIN_ROWS;
    private static final int MIN_TILE_ROWS = 16;
    /** Up to so many, queries are the left operand. */
    private static final int FEW_QUERIES = 8;

    private final RowBlocks blocks;
    private final DType stored;
    private final boolean fixed;
    private final int tileRows;
    /** Two values of 16 bits at a time, of each block; null when rows are F32. */
    private final IntBuffer[] pairs;
    /** The largest norm of a row, of all that were ever set. */
    private volatile double largestNorm;

    CpuNearestRows(Arena arena, int width, int capacityRows, DType stored) {
        Operands.checkNearestRows(width, capacityRows, stored);
        this.blocks = new RowBlocks(arena, stored, width, capacityRows);
        this.stored = stored;
        this.fixed = false;
        this.tileRows = tileRows(width);
        this.pairs = pairs(blocks);
    }

    /** Over rows that are there. */
    CpuNearestRows(MatrixEngine engine, RowBlocks rows) {
        Operands.checkNearestRows(rows.width(), rows.rows(), rows.dtype());
        this.stored = rows.dtype();
        this.blocks = stored == DType.F32 ? accepted(engine, rows) : rows;
        this.fixed = true;
        this.tileRows = tileRows(rows.width());
        this.pairs = pairs(blocks);
        double largest = 0;
        float[] values = new float[rows.width()];
        for (int row = 0; row < rows.rows(); row++) {
            largest = larger(largest, norm(row, values));
        }
        this.largestNorm = largest;
    }

    private static RowBlocks accepted(MatrixEngine engine, RowBlocks rows) {
        List<Tensor> accepted = new ArrayList<>();
        for (int i = 0; i < rows.count(); i++) {
            accepted.add(engine.accept(rows.block(i)));
        }
        return new RowBlocks(accepted);
    }

    /** A power of two, so that no tile crosses the end of a block. */
    private static int tileRows(int width) {
        return Math.max(MIN_TILE_ROWS, Math.min(MAX_TILE_ROWS, Integer.highestOneBit(TILE_FLOATS / width)));
    }

    private static IntBuffer[] pairs(RowBlocks blocks) {
        if (blocks.dtype() == DType.F32) {
            return null;
        }
        IntBuffer[] pairs = new IntBuffer[blocks.count()];
        for (int i = 0; i < pairs.length; i++) {
            pairs[i] = blocks.block(i).bytes().duplicate().clear().order(ByteOrder.LITTLE_ENDIAN).asIntBuffer();
        }
        return pairs;
    }

    private double norm(int row, float[] values) {
        StoredRows.widen(blocks.blockOf(row), blocks.rowInBlock(row), values);
        return Math.sqrt(RowMath.dot(values, values, values.length));
    }

    /** A norm that is no number stays: it makes every row a candidate. */
    private static double larger(double largest, double norm) {
        return norm > largest || Double.isNaN(norm) ? norm : largest;
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
        CpuContext.call(context, this);
        float[] values = new float[width()];
        double largest = largestNorm;
        for (int i = 0; i < count; i++) {
            int row = firstRow + i;
            StoredRows.copy(rows, i, blocks.blockOf(row), blocks.rowInBlock(row), width());
            largest = larger(largest, norm(row, values));
        }
        largestNorm = largest;
    }

    @Override
    public void run(ExecutionContext context, Tensor queries, int count, int rows, int k, Tensor scores,
            Tensor indices) {
        Operands.checkNearest(this, queries, count, rows, k, scores, indices);
        for (int first = 0; first < count; first += MAX_QUERIES) {
            CpuCall call = CpuContext.call(context, this);
            call.x = queries;
            call.out = scores;
            call.nearest.set(first, Math.min(MAX_QUERIES, count - first), rows, k, indices);
            int parts = scanParts(call, CpuContext.lanes(context));
            call.nearest.lists(CpuContext.scratch(context, call.nearest.listFloats(parts)), parts);
            call.preparing = true;
            CpuContext.run(context);
            call.preparing = false;
            CpuContext.run(context);
        }
    }

    private int scanParts(CpuCall call, int lanes) {
        return Math.min(CpuOperation.super.parts(call, lanes), (call.nearest.rows + tileRows - 1) / tileRows);
    }

    @Override
    public int parts(CpuCall call, int lanes) {
        return call.preparing ? call.nearest.parts : Math.min(call.nearest.queries, lanes);
    }

    @Override
    public void run(CpuCall call, CpuLane lane, int part, int parts) {
        if (call.preparing) {
            scan(call, lane, part, parts);
        } else {
            merge(call, lane.nearest(), part, parts);
        }
    }

    private void scan(CpuCall call, CpuLane lane, int part, int parts) {
        NearestCall nearest = call.nearest;
        NearestLane own = lane.nearest();
        own.start(call, part, largestNorm);
        int Q = nearest.queries;
        int E = width();
        int widened = tileRows * Q;
        Tensor scratch = lane.scratch(widened + (pairs == null ? 0 : tileRows * E)); // products, rows [tileRows,E]
        int end = CpuOperation.share(nearest.rows, tileRows, part + 1, parts);
        for (int first = CpuOperation.share(nearest.rows, tileRows, part, parts); first < end; first += tileRows) {
            int count = Math.min(tileRows, end - first);
            Tensor block = blocks.blockOf(first);
            int start = blocks.rowInBlock(first) * E;
            if (pairs == null) {
                multiply(call, lane.product(), block, start, scratch, count);
            } else {
                own.widen(block, pairs[blocks.index(first)], start, count * E, scratch.floats(), widened);
                multiply(call, lane.product(), scratch, widened, scratch, count);
            }
            lane.multiply();
            Tensor tile = pairs == null ? block : scratch;
            own.rows(tile.floats(), pairs == null ? start : widened, first);
            if (Q <= FEW_QUERIES) {
                for (int q = 0; q < Q; q++) {
                    own.lookAtQuery(scratch.floats(), q * tileRows, q, count);
                }
            } else {
                for (int i = 0; i < count; i++) {
                    own.lookAtRow(scratch.floats(), i * Q, i);
                }
            }
        }
        own.finish();
    }

    /** Prepares the products of a tile: [Q,tileRows] for few queries, as engines expect few rows, else [tileRows,Q]. */
    private void multiply(CpuCall call, MatrixProduct product, Tensor tile, int start, Tensor products, int count) {
        int Q = call.nearest.queries;
        int E = width();
        int stride = call.x.rowStride();
        int firstQuery = call.nearest.firstQuery * stride;
        if (Q <= FEW_QUERIES) {
            product.a(call.x, firstQuery, stride).bTransposed(tile, start, E).c(products, 0, tileRows, false)
                    .size(Q, count, E, 1f);
        } else {
            product.a(tile, start, E).bTransposed(call.x, firstQuery, stride).c(products, 0, Q, false)
                    .size(count, Q, E, 1f);
        }
    }

    private void merge(CpuCall call, NearestLane own, int part, int parts) {
        NearestCall nearest = call.nearest;
        FloatBuffer scores = call.out.floats();
        ByteBuffer indices = nearest.indices.bytes();
        int end = CpuOperation.share(nearest.queries, part + 1, parts);
        for (int query = CpuOperation.share(nearest.queries, part, parts); query < end; query++) {
            int row = nearest.firstQuery + query;
            own.startMerge(nearest);
            for (int i = 0; i < nearest.k; i++) {
                long key = own.next(nearest, query);
                scores.put(row * call.out.rowStride() + i, NearestKeys.score(key));
                indices.putInt((row * nearest.indices.rowStride() + i) * Integer.BYTES, NearestKeys.row(key));
            }
        }
    }
}
