package org.clip4j.kernels.cpu;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Tensor;

/** Matrix products without any native library: panels of B in a Java array, loops that the JIT compiler vectorises. */
final class JavaMatrixEngine implements MatrixEngine {
    /** Columns of a panel: the sums of one row of C stay in a level-1 cache. */
    private static final int PANEL_COLUMNS = 128;
    /** Rows of a panel; with 128 columns 128 KB, half of a small level-2 cache. */
    private static final int PANEL_ROWS = 256;

    @Override
    public String description() {
        return "plain Java, vectorised by the JIT compiler";
    }

    @Override
    public MemoryAllocator allocator() {
        return MemoryAllocator.JDK;
    }

    @Override
    public Tensor accept(Tensor weights) {
        return weights;
    }

    @Override
    public MatrixLane newLane() {
        return new Lane();
    }

    private static final class Lane implements MatrixLane {
        private final float[] panel = new float[PANEL_ROWS * PANEL_COLUMNS];
        private final float[] aRow = new float[PANEL_ROWS];
        private final float[] bRow = new float[PANEL_ROWS];
        private final float[] sums = new float[PANEL_COLUMNS];
        private final float[] products = new float[PANEL_COLUMNS];

        @Override
        public void multiply(MatrixProduct product) {
            for (int n = 0; n < product.n(); n += PANEL_COLUMNS) {
                int columns = Math.min(PANEL_COLUMNS, product.n() - n);
                for (int k = 0; k < product.k(); k += PANEL_ROWS) {
                    int rows = Math.min(PANEL_ROWS, product.k() - k);
                    pack(product, n, k, rows, columns);
                    for (int m = 0; m < product.m(); m++) {
                        multiplyRow(product, m, n, k, rows, columns);
                    }
                }
            }
        }

        /** panel[row][column] = B[k + row][n + column]. */
        private void pack(MatrixProduct product, int n, int k, int rows, int columns) {
            MatrixProduct.Operand b = product.b();
            FloatBuffer floats = b.tensor().floats();
            if (!product.transposeB()) {
                for (int row = 0; row < rows; row++) {
                    floats.get(b.offset() + (k + row) * b.stride() + n, panel, row * PANEL_COLUMNS, columns);
                }
                return;
            }
            for (int column = 0; column < columns; column++) {
                floats.get(b.offset() + (n + column) * b.stride() + k, bRow, 0, rows);
                for (int row = 0; row < rows; row++) {
                    panel[row * PANEL_COLUMNS + column] = bRow[row];
                }
            }
        }

        private void multiplyRow(MatrixProduct product, int m, int n, int k, int rows, int columns) {
            MatrixProduct.Operand c = product.c();
            loadRow(product, m, k, rows);
            clear(products, columns);
            int row = 0;
            for (; row + 3 < rows; row += 4) {
                addFour(row, columns);
            }
            for (; row < rows; row++) {
                addOne(row, columns);
            }
            int at = c.offset() + m * c.stride() + n;
            if (k > 0 || product.accumulate()) {
                c.tensor().floats().get(at, sums, 0, columns);
            } else {
                clear(sums, columns);
            }
            addScaled(product.scale(), columns);
            c.tensor().floats().put(at, sums, 0, columns);
        }

        /** aRow[row] = A[m][k + row]. */
        private void loadRow(MatrixProduct product, int m, int k, int rows) {
            MatrixProduct.Operand a = product.a();
            FloatBuffer floats = a.tensor().floats();
            if (!product.transposeA()) {
                floats.get(a.offset() + m * a.stride() + k, aRow, 0, rows);
                return;
            }
            int first = a.offset() + k * a.stride() + m;
            for (int row = 0; row < rows; row++) {
                aRow[row] = floats.get(first + row * a.stride());
            }
        }

        private void addFour(int row, int columns) {
            float a0 = aRow[row];
            float a1 = aRow[row + 1];
            float a2 = aRow[row + 2];
            float a3 = aRow[row + 3];
            int b0 = row * PANEL_COLUMNS;
            int b1 = b0 + PANEL_COLUMNS;
            int b2 = b1 + PANEL_COLUMNS;
            int b3 = b2 + PANEL_COLUMNS;
            for (int i = 0; i < columns; i++) {
                products[i] += a0 * panel[b0 + i] + a1 * panel[b1 + i] + (a2 * panel[b2 + i] + a3 * panel[b3 + i]);
            }
        }

        private void addOne(int row, int columns) {
            float a0 = aRow[row];
            int b0 = row * PANEL_COLUMNS;
            for (int i = 0; i < columns; i++) {
                products[i] += a0 * panel[b0 + i];
            }
        }

        private void addScaled(float scale, int columns) {
            for (int i = 0; i < columns; i++) {
                sums[i] += scale * products[i];
            }
        }

        private static void clear(float[] values, int length) {
            Arrays.fill(values, 0, length, 0f);
        }

        @Override
        public void close() {}
    }
}
