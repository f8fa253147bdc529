package org.clip4j.cuda;

/**
 * The search for many queries: products of matrix units with a sample of the rows bound the k-th score from below,
 * products with all rows give candidates, and these are scored anew. The steps are explained in
 * native/cuda/src/main/cuda/similarity_mma.cuh.
 */
final class CudaNearestProducts {
    /** Queries of one launch; rows are read from memory once for all of them. */
    static final int MAX_QUERIES = 512;
    /** Fewer rows are scanned: launches cost more than they save. */
    private static final int MIN_ROWS = 2048;
    private static final int WARPS = 8;
    /** Columns of a chunk in shared memory, and the bytes of a row of it. */
    private static final int CHUNK_BYTES = 128;
    /** Places for the candidates of a query. */
    private static final int CAPACITY = 8192;
    /** Candidates to expect: the k nearest of a sample of 1/s of the rows let about k s of all rows pass. */
    private static final int EXPECTED = 2048;
    private static final int MAX_SAMPLING = 64;
    /** Groups of the sample for each row that is asked for, so that few of these share a group. */
    private static final int GROUPS_PER_NEAREST = 16;
    private static final int ALIGNMENT_BYTES = 256;

    /** How a kernel uses a multiprocessor, and what it is called; as in native/cuda/src/main/cuda/kernels.cu. */
    private record Geometry(int queries, int rows, int stages) {
        String suffix() {
            return "_" + queries + "_" + rows;
        }

        /** Shared memory for queries of 16 bits, and for the chunks that are under way. */
        int sharedBytes(int width) {
            return queries * width * Short.BYTES + stages * rows * CHUNK_BYTES;
        }

        /** Groups of which a tile's maxima are kept: its warps along the rows, of 64 queries each. */
        int groups() {
            return WARPS * 64 / queries;
        }
    }

    private static final Geometry WIDE = new Geometry(128, 256, 3);
    private static final Geometry NARROW = new Geometry(64, 256, 3);
    private static final Geometry SMALL = new Geometry(64, 128, 2);

    private final CudaDevice cuda;
    private final CudaRowStore store;
    private final Geometry narrow;
    private final Geometry wide;
    private final Kernel narrowKernel;
    private final Kernel wideKernel;
    private final Kernel prepare;
    private final Kernel bound;
    private final Kernel rescore;

    private CudaNearestProducts(CudaDevice cuda, CudaRowStore store, Geometry narrow, Geometry wide, int shared) {
        this.cuda = cuda;
        this.store = store;
        this.narrow = narrow;
        this.wide = wide;
        String type = store.type().label();
        narrowKernel = cuda.kernel("nearest_products_" + type + narrow.suffix(), shared);
        wideKernel = cuda.kernel("nearest_products_" + type + wide.suffix(), shared);
        prepare = cuda.kernel("nearest_prepare_" + type);
        bound = cuda.kernel("nearest_bound");
        rescore = cuda.kernel("nearest_rescore_" + type);
    }

    /** Null where there are no matrix units for the rows, or queries do not fit into a multiprocessor. */
    static CudaNearestProducts of(CudaDevice cuda, CudaRowStore store, int shared) {
        int width = store.paddedWidth();
        if (store.type() == ElementType.F32 || !cuda.info().hasAsyncMatrixUnits()
                || SMALL.sharedBytes(width) > shared) {
            return null;
        }
        Geometry narrow = NARROW.sharedBytes(width) <= shared ? NARROW : SMALL;
        return new CudaNearestProducts(cuda, store, narrow, WIDE.sharedBytes(width) <= shared ? WIDE : narrow, shared);
    }

    /** Whether a search is better done this way than by a scan. */
    boolean pays(NearestCall call) {
        return call.count > CudaNearestRows.SCAN_QUERIES && call.rows >= MIN_ROWS;
    }

    /** Launches all of it. */
    void run(CudaContext own, NearestCall call, CudaNearestRows scan) {
        Geometry geometry = call.count > narrow.queries() ? wide : narrow;
        int queryGroups = (call.count + geometry.queries() - 1) / geometry.queries();
        int padded = queryGroups * geometry.queries();
        int tiles = (call.rows + geometry.rows() - 1) / geometry.rows();
        int lanes = Math.min(tiles, Math.max(1, cuda.multiprocessors() / queryGroups));
        int sampled = sampledTiles(call.k, tiles, lanes, geometry);
        int groups = sampled * geometry.groups();
        int fewBlocks = scan.fewScanBlocks(call.rows);
        int width = store.paddedWidth();

        long rounded = 0;
        long margins = aligned(rounded + (long) padded * width * Short.BYTES);
        long bounds = aligned(margins + (long) padded * Float.BYTES);
        long counts = aligned(bounds + (long) padded * Float.BYTES);
        long left = aligned(counts + (long) padded * Integer.BYTES);
        long leftCount = aligned(left + (long) padded * Integer.BYTES);
        long maxima = aligned(leftCount + Integer.BYTES);
        long candidates = aligned(maxima + (long) padded * groups * Float.BYTES);
        long best = aligned(candidates + (long) padded * CAPACITY * Integer.BYTES);
        long scratch = own.scratch(best + CudaNearestRows.bestBytes(call.count, fewBlocks, call.k));

        own.launch(prepare).pointer(call.queries).number(call.queryStride).number(store.width()).number(call.count)
                .number(padded).number(width).pointer(store.largestSquare()).pointer(scratch + rounded)
                .pointer(scratch + margins).pointer(scratch + leftCount).run((padded + WARPS - 1) / WARPS, 1, 1, WARPS,
                        0);
        int sampleLanes = Math.min(sampled, lanes);
        products(own, call, geometry, scratch + rounded, queryGroups).number(sampled).number(tiles / sampled)
                .pointer(scratch + maxima).pointer(0).pointer(0).pointer(0).number(0)
                .run(sampleLanes * queryGroups, 1, 1, WARPS, geometry.sharedBytes(width));
        own.launch(bound).pointer(scratch + maxima).number(groups).number(call.k).pointer(scratch + margins)
                .number(call.count).pointer(scratch + bounds).pointer(scratch + counts).run(padded, 1, 1, WARPS, 0);
        products(own, call, geometry, scratch + rounded, queryGroups).number(tiles).number(1).pointer(0)
                .pointer(scratch + bounds).pointer(scratch + candidates).pointer(scratch + counts).number(CAPACITY)
                .run(lanes * queryGroups, 1, 1, WARPS, geometry.sharedBytes(width));
        store.launch(own, rescore, call.rows).pointer(call.queries).number(call.queryStride).number(store.width())
                .number(call.k).pointer(scratch + candidates).pointer(scratch + counts).number(CAPACITY)
                .pointer(call.scores).number(call.scoreStride).pointer(call.indices).number(call.indexStride)
                .pointer(scratch + left).pointer(scratch + leftCount)
                .run(call.count, 1, 1, WARPS, width * Float.BYTES);
        scan.scanChosen(own, call, fewBlocks, scratch + left, scratch + leftCount, scratch + best);
    }

    private Launch products(CudaContext own, NearestCall call, Geometry geometry, long queries, int queryGroups) {
        return store.launch(own, geometry.equals(wide) ? wideKernel : narrowKernel, call.rows).pointer(queries)
                .number(queryGroups);
    }

    /** Tiles whose products bound the k-th score: as few as leave few candidates, and as many for each lane. */
    private static int sampledTiles(int k, int tiles, int lanes, Geometry geometry) {
        int sampling = Math.min(MAX_SAMPLING, EXPECTED / k);
        int forCandidates = (tiles + sampling - 1) / sampling;
        int forGroups = (k * GROUPS_PER_NEAREST + geometry.groups() - 1) / geometry.groups();
        int wanted = Math.max(forCandidates, forGroups);
        return Math.min(tiles, (wanted + lanes - 1) / lanes * lanes);
    }

    private static long aligned(long bytes) {
        return (bytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
    }
}
