package org.clip4j.kernels.cpu;

import java.util.Random;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.testing.Closeness;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What every matrix engine must do; a subclass is only a factory. */
public abstract class MatrixEngineContract {
    private static final int PADDING = 3;

    /** The engine under test. */
    protected abstract MatrixEngine engine();

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,9,7", "7,1,9", "15,17,16", "16,16,17", "63,65,129", "129,127,257", "50,64,50", "3,300,513"})
    void multipliesWithEitherOperandTransposed(int m, int n, int k) {
        long seed = Long.getLong("clip4j.seed", new Random().nextLong());
        Random random = new Random(seed);
        MatrixEngine engine = engine();
        try (Arena arena = new Arena(engine.allocator()); MatrixLane lane = engine.newLane()) {
            for (int form = 0; form < 8; form++) {
                boolean transposeA = (form & 1) != 0;
                boolean transposeB = (form & 2) != 0;
                Tensor a = normal(arena, random, transposeA ? k : m, transposeA ? m : k);
                Tensor b = normal(arena, random, transposeB ? n : k, transposeB ? k : n);
                Tensor c = normal(arena, random, m, n);
                check(lane, a, b, c, new Form(transposeA, transposeB, (form & 4) != 0, m, n, k, seed));
            }
        }
    }

    private record Form(boolean transposeA, boolean transposeB, boolean add, int m, int n, int k, long seed) {}

    private static void check(MatrixLane lane, Tensor a, Tensor b, Tensor c, Form form) {
        float scale = 0.75f;
        double[] expected = new double[c.elements()];
        double[] limit = new double[expected.length];
        for (int row = 0; row < form.m; row++) {
            for (int column = 0; column < form.n; column++) {
                double sum = 0;
                double magnitude = 0;
                for (int i = 0; i < form.k; i++) {
                    double product = (form.transposeA ? a.get(i, row) : a.get(row, i))
                            * (form.transposeB ? b.get(column, i) : b.get(i, column));
                    sum += product;
                    magnitude += Math.abs(product);
                }
                double old = form.add ? c.get(row, column) : 0;
                expected[row * form.n + column] = old + scale * sum;
                // k products and sums, one scaling, one addition to what was there: each rounds once.
                limit[row * form.n + column] = Math.ulp(1f) * ((form.k + 2) * magnitude + Math.abs(old));
            }
        }
        MatrixProduct product = new MatrixProduct();
        if (form.transposeA) {
            product.aTransposed(a, 0, a.rowStride());
        } else {
            product.a(a, 0, a.rowStride());
        }
        if (form.transposeB) {
            product.bTransposed(b, 0, b.rowStride());
        } else {
            product.b(b, 0, b.rowStride());
        }
        product.c(c, 0, c.rowStride(), form.add).size(form.m, form.n, form.k, scale);
        lane.multiply(product);
        double[] actual = new double[expected.length];
        for (int i = 0; i < actual.length; i++) {
            actual[i] = c.get(i / form.n, i % form.n);
        }
        Closeness.assertClose(form.toString(), expected, actual, limit);
    }

    /** Rows with a gap of NaN between them, so that a wrong stride is seen. */
    private static Tensor normal(Arena arena, Random random, int rows, int columns) {
        Tensor whole = arena.allocate(DType.F32, rows, columns + PADDING);
        for (int i = 0; i < whole.elements(); i++) {
            whole.set(i, i % (columns + PADDING) < columns ? random.nextGaussian() : Double.NaN);
        }
        return whole.columns(0, columns);
    }
}
