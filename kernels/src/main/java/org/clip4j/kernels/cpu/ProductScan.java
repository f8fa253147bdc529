package org.clip4j.kernels.cpu;

import java.nio.ByteOrder;
import java.nio.IntBuffer;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/** Tiles of rows are multiplied with all queries of a call by the matrix engine, and the products looked at in Java. */
final class ProductScan implements PartScan {
    /** Floats of a tile: with its products it stays in a level-2 cache. */
    private static final int TILE_FLOATS = 1 << 16;
    private static final int MAX_TILE_ROWS = RowBlocks.MIN_ROWS;
    private static final int MIN_TILE_ROWS = 16;
    /** Up to so many, queries are the left operand. */
    private static final int FEW_QUERIES = 8;

    private final NearestStore store;
    private final int tileRows;
    /** Two values of 16 bits at a time, of each block; null when rows are F32. */
    private final IntBuffer[] pairs;

    ProductScan(NearestStore store) {
        this.store = store;
        // A power of two, so that no tile crosses the end of a block.
        this.tileRows = Math.max(MIN_TILE_ROWS,
                Math.min(MAX_TILE_ROWS, Integer.highestOneBit(TILE_FLOATS / store.width())));
        this.pairs = pairs(store.blocks());
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

    @Override
    public int stepRows() {
        return tileRows;
    }

    @Override
    public void scan(CpuCall call, CpuLane lane, int part, int firstRow, int endRow) {
        NearestLane own = lane.nearest();
        own.start(call, part, store.largestNorm());
        RowBlocks blocks = store.blocks();
        int Q = call.nearest.queries;
        int E = store.width();
        int widened = tileRows * Q;
        Tensor scratch = lane.scratch(widened + (pairs == null ? 0 : tileRows * E)); // products, rows [tileRows,E]
        for (int first = firstRow; first < endRow; first += tileRows) {
            int count = Math.min(tileRows, endRow - first);
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
        int E = store.width();
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
}
