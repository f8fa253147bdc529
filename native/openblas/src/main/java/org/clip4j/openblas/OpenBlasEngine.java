package org.clip4j.openblas;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.cblas_sgemm;

import org.clip4j.javacpp.FloatAddress;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.MatrixEngine;
import org.clip4j.kernels.cpu.MatrixLane;
import org.clip4j.kernels.cpu.MatrixProduct;

/**
 * f32 products by OpenBLAS, which is told to use the calling thread only: the lanes of the backend's own team are the
 * threads. Weights are used where they lie, without a copy.
 */
final class OpenBlasEngine implements MatrixEngine {
    private final NativeMemory memory = new NativeMemory();
    private final boolean tiles = SmallProducts.available();
    private final String description;

    OpenBlasEngine(String description) {
        this.description = description;
    }

    @Override
    public String description() {
        return description;
    }

    @Override
    public MemoryAllocator allocator() {
        return memory;
    }

    @Override
    public Tensor accept(Tensor weights) {
        return NativeMemory.withAddress(weights);
    }

    @Override
    public MatrixLane newLane() {
        return new Lane();
    }

    private final class Lane implements MatrixLane {
        private final FloatAddress a = new FloatAddress();
        private final FloatAddress b = new FloatAddress();
        private final FloatAddress c = new FloatAddress();

        @Override
        public void multiply(MatrixProduct product) {
            if (!tiles || product.transposeA() || !product.transposeB()
                    || !SmallProducts.inTiles(product.m(), product.n(), product.k())) {
                multiply(product, 0, product.m(), 0, product.n(), 0, product.k());
                return;
            }
            // The tile of weights in the middle loop stays in the level-2 cache for all rows.
            for (int n = 0; n < product.n(); n += SmallProducts.TILE_COLUMNS) {
                int columns = Math.min(SmallProducts.TILE_COLUMNS, product.n() - n);
                for (int k = 0; k < product.k(); k += SmallProducts.TILE_DEPTH) {
                    int depth = Math.min(SmallProducts.TILE_DEPTH, product.k() - k);
                    for (int m = 0; m < product.m(); m += SmallProducts.TILE_ROWS) {
                        int rows = Math.min(SmallProducts.TILE_ROWS, product.m() - m);
                        multiply(product, m, rows, n, columns, k, depth);
                    }
                }
            }
        }

        /** Multiplies a tile: {@code rows} rows from m, {@code columns} columns from n, {@code depth} terms from k. */
        private void multiply(MatrixProduct product, int m, int rows, int n, int columns, int k, int depth) {
            boolean transposed = product.transposeB();
            int aStride = product.a().stride();
            int bStride = product.b().stride();
            int cStride = product.c().stride();
            boolean transposedA = product.transposeA();
            long aOffset = transposedA ? (long) k * aStride + m : (long) m * aStride + k;
            long bOffset = transposed ? (long) n * bStride + k : (long) k * bStride + n;
            long cOffset = (long) m * cStride + n;
            cblas_sgemm(CblasRowMajor, transposedA ? CblasTrans : CblasNoTrans,
                    transposed ? CblasTrans : CblasNoTrans, rows, columns, depth, product.scale(),
                    a.at(product.a().address() + aOffset * Float.BYTES), aStride,
                    b.at(product.b().address() + bOffset * Float.BYTES), bStride,
                    product.accumulate() || k > 0 ? 1f : 0f, c.at(product.c().address() + cOffset * Float.BYTES),
                    cStride);
        }

        @Override
        public void close() {}
    }
}
