package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaDevAttrMaxSharedMemoryPerBlockOptin;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/**
 * For few queries one pass over memory, {@link #SCAN_QUERIES} queries at a time. For many, products of matrix units
 * that choose candidates, {@link CudaNearestProducts}; the scan then takes what these leave.
 */
final class CudaNearestRows implements NearestRows {
    /** Queries of a pass; the other kernel takes one. */
    static final int SCAN_QUERIES = 8;
    /** As in native/cuda/src/main/cuda/similarity.cuh. */
    private static final int ROUND = 256;
    private static final int SCAN_WARPS = 8;
    /** Blocks that fit a multiprocessor, as the kernels are compiled. */
    private static final int BLOCKS_OF_ONE = 4;
    private static final int BLOCKS_OF_MANY = 2;
    /** Static shared memory of the kernels, rounded up. */
    private static final int STATIC_OF_ONE = 5 << 10;
    private static final int STATIC_OF_MANY = 33 << 10;
    /** Queries of one launch, so that what blocks find for them does not take much memory. */
    private static final int MAX_QUERIES = 256;

    private final CudaDevice cuda;
    private final CudaRowStore store;
    private final CudaNearestProducts products;
    private final Kernel scanOne;
    private final Kernel scanMany;
    private final Kernel merge;
    private final boolean manyFit;
    private final boolean fixed;

    /**
     * Zeros.
     *
     * @param fixed whether rows are stored once, by {@link #fill}
     */
    CudaNearestRows(CudaDevice cuda, Arena arena, int width, int capacityRows, DType stored, boolean fixed) {
        Operands.checkNearestRows(width, capacityRows, stored);
        ElementType type = switch (stored) {
            case F16 -> ElementType.F16;
            case BF16 -> ElementType.BF16;
            default -> ElementType.F32;
        };
        this.cuda = cuda;
        this.fixed = fixed;
        int shared = CardInfo.attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin, cuda.index());
        String scan = "nearest_scan_" + type.label();
        this.scanOne = cuda.kernel(scan + "_1", shared - STATIC_OF_ONE);
        this.scanMany = cuda.kernel(scan + "_" + SCAN_QUERIES, shared - STATIC_OF_MANY);
        this.merge = cuda.kernel("nearest_merge");
        this.store = new CudaRowStore(cuda, arena, width, capacityRows, type);
        this.manyFit = queryBytes(SCAN_QUERIES) <= shared - STATIC_OF_MANY;
        this.products = CudaNearestProducts.of(cuda, store, shared);
    }

    private int queryBytes(int queries) {
        return queries * store.paddedWidth() * Float.BYTES;
    }

    @Override
    public int width() {
        return store.width();
    }

    @Override
    public int capacityRows() {
        return store.capacityRows();
    }

    @Override
    public DType stored() {
        return store.type().dtype();
    }

    @Override
    public void set(ExecutionContext context, int firstRow, Tensor rows, int count) {
        CudaContext own = CudaContext.of(context);
        Operands.checkNearestSet(this, fixed, firstRow, rows, count);
        store.set(own, firstRow, rows, count);
    }

    /** Stores all rows that there are. */
    void fill(CudaContext own, RowBlocks rows) {
        int row = 0;
        for (int i = 0; i < rows.count(); i++) {
            store.set(own, row, rows.block(i), rows.block(i).rows());
            row += rows.block(i).rows();
        }
    }

    @Override
    public void run(ExecutionContext context, Tensor queries, int count, int rows, int k, Tensor scores,
            Tensor indices) {
        CudaContext own = CudaContext.of(context);
        Operands.checkNearest(this, queries, count, rows, k, scores, indices);
        int most = products == null ? MAX_QUERIES : CudaNearestProducts.MAX_QUERIES;
        for (int first = 0; first < count; first += most) {
            NearestCall call = own.nearest.of(queries, first, Math.min(most, count - first), rows, k, scores,
                    indices);
            if (products != null && products.pays(call)) {
                products.run(own, call, this);
            } else {
                scanAll(own, call);
            }
        }
        own.launched();
    }

    private void scanAll(CudaContext own, NearestCall call) {
        boolean many = call.count > 1 && manyFit;
        int blocks = scanBlocks(call.rows, many ? BLOCKS_OF_MANY : BLOCKS_OF_ONE);
        long best = own.scratch(bestBytes(call.count, blocks, call.k));
        scan(own, call, many, blocks, 0, 0, best);
    }

    /** Blocks of a scan that is not expected to have anything to do: enough to use memory when it has. */
    int fewScanBlocks(int rows) {
        return scanBlocks(rows, 1);
    }

    private int scanBlocks(int rows, int perMultiprocessor) {
        return Math.min((rows + ROUND - 1) / ROUND, perMultiprocessor * cuda.multiprocessors());
    }

    /** What blocks find. */
    static long bestBytes(int queries, int blocks, int k) {
        return (long) queries * blocks * k * Long.BYTES;
    }

    /** Scans for the queries of a list on the card: {@code countOnCard} numbers at {@code chosen}. */
    void scanChosen(CudaContext own, NearestCall call, int blocks, long chosen, long countOnCard, long best) {
        scan(own, call, manyFit, blocks, chosen, countOnCard, best);
    }

    private void scan(CudaContext own, NearestCall call, boolean many, int blocks, long chosen, long countOnCard,
            long best) {
        store.launch(own, many ? scanMany : scanOne, call.rows).pointer(call.queries).number(call.queryStride)
                .number(store.width()).pointer(chosen).pointer(countOnCard).number(call.count).number(call.k)
                .pointer(best).run(blocks, 1, 1, SCAN_WARPS, queryBytes(many ? SCAN_QUERIES : 1));
        own.launch(merge).pointer(best).number(blocks).number(call.k).pointer(chosen).pointer(countOnCard)
                .number(call.count).pointer(call.scores).number(call.scoreStride).pointer(call.indices)
                .number(call.indexStride).run(call.count, 1, 1, SCAN_WARPS, 0);
    }
}
