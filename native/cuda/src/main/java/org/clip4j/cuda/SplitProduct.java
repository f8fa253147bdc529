package org.clip4j.cuda;

import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/**
 * A product for few rows whose depth is split among blocks, with the sum and the layer norm that follow. Bound to
 * weights and a number of rows. Immutable.
 */
final class SplitProduct {
    private static final int MIN_DEPTH = 256;
    private static final int MAX_SPLITS = 8;
    /** The first that divides the columns: 24 leaves room for a second block, 32 does not. */
    private static final int[] COLUMN_TILES = {24, 32, 16, 8};
    private static final int PRODUCT_WARPS = 8;
    private static final int NORM_WARPS = 4;
    /** Packs of four floats are all that the kernel reads. */
    private static final int PACK = 4;

    private final Kernel product;
    private final Kernel finish;
    private final Tensor weight; // [N,K]
    private final Tensor bias; // [N], f32, or null
    private final int rows;
    private final int splits;
    private final int columnTile;
    private final int sharedBytes;

    private SplitProduct(Kernel product, Kernel finish, Tensor weight, Tensor bias, int rows, int splits,
            int columnTile, int sharedBytes) {
        this.product = product;
        this.finish = finish;
        this.weight = weight;
        this.bias = bias;
        this.rows = rows;
        this.splits = splits;
        this.columnTile = columnTile;
        this.sharedBytes = sharedBytes;
    }

    /** Whether the kernels can read and write such operands. */
    static boolean takes(ElementType type, Tensor in, Tensor x, Tensor normed) {
        return in.dtype() == type.dtype() && x.dtype() == DType.F32 && normed.dtype() == type.dtype()
                && FewRows.isAligned(in) && x.rowStride() % PACK == 0 && normed.rowStride() % PACK == 0;
    }

    /** The kernels for a number of rows, or null where there are none. */
    static SplitProduct of(CudaDevice cuda, Tensor weight, Tensor bias, int rows) {
        ElementType type = ElementType.of("weight", weight);
        int rowTile = FewRows.rowTile(rows);
        boolean fits = type != ElementType.F32 && cuda.info().hasAsyncMatrixUnits() && rowTile != 0
                && weight.columns() % FewRows.DEPTH_STEP == 0;
        int columnTile = 0;
        for (int tile : COLUMN_TILES) {
            columnTile = columnTile == 0 && weight.rows() % tile == 0 ? tile : columnTile;
        }
        if (!fits || columnTile == 0) {
            return null;
        }
        int perColumnTile = cuda.multiprocessors() / (weight.rows() / columnTile);
        int splits = Math.max(1, Math.min(Math.min(MAX_SPLITS, perColumnTile), weight.columns() / MIN_DEPTH));
        String name = "linear_small_split_" + type.label() + "_" + rowTile + "_" + columnTile;
        int steps = (weight.columns() / FewRows.DEPTH_STEP + splits - 1) / splits;
        return new SplitProduct(cuda.kernel(name, FewRows.sharedBytes(rowTile, columnTile, Integer.MAX_VALUE)),
                cuda.kernel("residual_norm_" + type.label()), weight, bias, rows, splits, columnTile,
                FewRows.sharedBytes(rowTile, columnTile, steps));
    }

    /** The most scratch memory that a call takes for up to so many rows; 0 where there are no kernels. */
    static long mostScratchBytes(CudaDevice cuda, Tensor weight, Tensor bias, int maxRows) {
        int rows = Math.min(maxRows, FewRows.MAX_ROWS);
        SplitProduct largest = of(cuda, weight, bias, rows);
        return largest == null ? 0 : largest.scratchBytes();
    }

    private long scratchBytes() {
        return (long) splits * rows * weight.rows() * Float.BYTES;
    }

    /** Launches both kernels: x += in * weight' + bias; normed = norm(x). */
    void run(CudaContext own, Tensor in, Tensor x, CudaLayerNorm norm, Tensor normed) {
        int N = weight.rows();
        long partials = own.scratch(scratchBytes());
        own.launch(product).pointer(in.address()).number(in.rowStride()).pointer(weight.address()).number(rows)
                .number(N).number(weight.columns()).pointer(partials)
                .run(N / columnTile, splits, 1, PRODUCT_WARPS, sharedBytes);
        own.launch(finish).pointer(x.address()).number(x.rowStride()).pointer(partials).number(splits).number(rows)
                .number(N).pointer(bias == null ? 0 : bias.address()).pointer(norm.gain().address())
                .pointer(norm.bias().address()).real(norm.epsilon()).pointer(normed.address())
                .number(normed.rowStride()).run(rows, 1, 1, NORM_WARPS, 0);
    }
}
