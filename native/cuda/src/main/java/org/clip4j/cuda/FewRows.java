package org.clip4j.cuda;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;

/** Our own product for few rows of 16-bit elements, with everything fused that follows it. Immutable. */
final class FewRows {
    private static final int WARPS = 8;
    /** Of native/cuda/src/main/cuda/linear_small.cuh, small::STEP. */
    static final int DEPTH_STEP = 32;
    private static final int ROW_TILE = 16;
    /** Tiles of rows that there are kernels for, and of columns. */
    private static final int[] ROW_TILES = {1, 2, 4, 5};
    /** The most that there is a kernel for. */
    static final int MAX_ROWS = ROW_TILES[ROW_TILES.length - 1] * ROW_TILE;
    private static final int[] COLUMN_TILES = {8, 16, 24, 32};
    private static final int ALIGNMENT_BYTES = 16;

    private final Kernel kernel;
    private final MatrixShape shape;
    private final int columnTile;
    private final int sharedBytes;

    private FewRows(Kernel kernel, MatrixShape shape, int columnTile, int sharedBytes) {
        this.kernel = kernel;
        this.shape = shape;
        this.columnTile = columnTile;
        this.sharedBytes = sharedBytes;
    }

    /** The kernel for a shape, or null where there is none. */
    static FewRows of(CudaDevice cuda, MatrixShape shape) {
        int rowTile = rowTile(shape.rows());
        boolean aligned = shape.xAlignment() % ALIGNMENT_BYTES == 0
                && shape.xStride() * shape.type().sizeBytes() % ALIGNMENT_BYTES == 0;
        if (rowTile == 0 || shape.type() == ElementType.F32 || shape.precision() == Precision.FP8
                || !cuda.info().hasAsyncMatrixUnits() || !aligned
                || shape.k() % DEPTH_STEP != 0) {
            return null;
        }
        int columnTile = 0;
        for (int tile : COLUMN_TILES) {
            boolean best = shape.n() % tile == 0
                    && (columnTile == 0 || shape.n() / columnTile > cuda.multiprocessors());
            columnTile = best ? tile : columnTile;
        }
        if (columnTile == 0) {
            return null;
        }
        String name = "linear_small_" + shape.type().label() + "_" + shape.outType().label() + "_" + rowTile + "_"
                + columnTile;
        return new FewRows(cuda.kernel(name, sharedBytes(rowTile, columnTile, Integer.MAX_VALUE)), shape, columnTile,
                sharedBytes(rowTile, columnTile, shape.k() / DEPTH_STEP));
    }

    /** Tiles of rows of the smallest kernel for so many, or 0. */
    static int rowTile(int rows) {
        for (int tile : ROW_TILES) {
            if (rows <= tile * ROW_TILE) {
                return tile;
            }
        }
        return 0;
    }

    /**
     * Dynamic shared memory of a launch: what each warp reads ahead, or its sums, whichever is more.
     *
     * @param steps of the depth that a block has
     */
    static int sharedBytes(int rowTile, int columnTile, int steps) {
        // As in native/cuda/src/main/cuda/linear_small.cuh.
        int stages = rowTile == 5 ? 2 : 3;
        int rounds = (int) Math.min(stages, ((long) steps + WARPS - 1) / WARPS);
        int rowBytes = rowTile == 1 ? 0 : rounds * rowTile * 1024;
        int sumStride = columnTile == 8 ? 8 : columnTile == 32 ? 36 : 24;
        return WARPS * Math.max(rowBytes, rowTile * 64 * sumStride);
    }

    /** Whether rows can be read as the kernels read them. */
    static boolean isAligned(Tensor tensor) {
        return tensor.address() % ALIGNMENT_BYTES == 0
                && tensor.rowStride() * tensor.dtype().sizeBytes() % ALIGNMENT_BYTES == 0;
    }

    /** Launches it. */
    void run(CudaContext own, long weight, long bias, long x, long out) {
        own.launch(kernel).pointer(x).number(shape.xStride()).pointer(weight).pointer(bias).number(shape.rows())
                .number(shape.n()).number(shape.k()).number(code(shape.activation())).number(shape.add() ? 1 : 0)
                .pointer(out).number(shape.outStride()).run(shape.n() / columnTile, 1, 1, WARPS, sharedBytes);
    }

    /** As native/cuda/src/main/cuda/elements.cuh numbers them. */
    private static int code(Activation activation) {
        return switch (activation) {
            case NONE -> 0;
            case RELU -> 1;
            case QUICK_GELU -> 2;
            case GELU -> 3;
        };
    }
}
