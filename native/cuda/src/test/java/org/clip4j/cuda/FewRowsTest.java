package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our own product for few rows, each of its instances, whatever the search would choose. */
@RequiresCard
class FewRowsTest {
    /** Half a step between neighbours of the result's type, relative. */
    private static double epsilon(ElementType type) {
        return switch (type) {
            case F32 -> 0x1p-24;
            case F16 -> 0x1p-11;
            case BF16 -> 0x1p-8;
        };
    }

    @ParameterizedTest
    @CsvSource({"1, 8, 32", "7, 24, 64", "16, 512, 512", "17, 48, 96", "32, 2304, 768", "33, 96, 256", "50, 768, 3072",
            "64, 3072, 768", "65, 1536, 512", "77, 2048, 512", "80, 512, 2048", "80, 4096, 64"})
    void matchesExactSums(int rows, int n, int k) {
        for (Precision precision : new Precision[]{Precision.F16, Precision.BF16}) {
            check(precision, rows, n, k, Activation.NONE, true, ElementType.F32);
            check(precision, rows, n, k, Activation.QUICK_GELU, false,
                    precision == Precision.F16 ? ElementType.F16 : ElementType.BF16);
            check(precision, rows, n, k, Activation.GELU, false, ElementType.F32);
        }
    }

    private static void check(Precision precision, int rows, int n, int k, Activation activation, boolean add,
            ElementType outType) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (CudaBackend backend = (CudaBackend) CudaBackendProvider.open(new BackendOptions(1, precision),
                CudaBackend.Mode.HOST_MEMORY, AlgorithmSearch.Effort.FIRST);
                Arena arena = backend.newArena();
                CudaContext context = (CudaContext) backend.newContext()) {
            Assumptions.assumeTrue(backend.cuda().info().hasAsyncMatrixUnits(), "the card has no such matrix units");
            DType type = backend.activationType();
            Tensor weight = normal(arena, random, type, 1 / Math.sqrt(k), n, k);
            Tensor bias = normal(arena, random, DType.F32, 1, n);
            // Rows lie apart, with NaN between them.
            Tensor wide = arena.allocate(type, rows, k + 8);
            for (int i = 0; i < wide.elements(); i++) {
                wide.set(i, i % (k + 8) < k ? random.nextGaussian() : Double.NaN);
            }
            Tensor x = wide.columns(0, k);
            Tensor out = normal(arena, random, outType.dtype(), 1, rows + 1, n);
            double[][] expected = new double[rows + 1][n];
            double[][] limits = new double[rows + 1][n];
            for (int row = 0; row <= rows; row++) {
                for (int column = 0; column < n; column++) {
                    double before = out.get(row, column);
                    double sum = bias.get(column) + (add ? before : 0);
                    double magnitude = Math.abs(sum);
                    for (int i = 0; row < rows && i < k; i++) {
                        double product = x.get(row, i) * weight.get(column, i);
                        sum += product;
                        magnitude += Math.abs(product);
                    }
                    // No activation is steeper than 1.13; exponentials of 16-bit results are approximate.
                    expected[row][column] = row == rows ? before : activated(activation, sum);
                    limits[row][column] = row == rows
                            ? 0
                            : 1.13 * (k + 4) * 0x1p-24 * magnitude + 0x1p-18 * Math.abs(sum)
                                    + epsilon(outType) * 1.001 * Math.abs(expected[row][column]) + 0x1p-25;
                }
            }
            MatrixShape shape = new MatrixShape(n, rows, k, k + 8, n, ElementType.of("x", x), outType, precision,
                    activation, true, add, MatrixShape.alignment(x.address()), MatrixShape.alignment(out.address()));
            try (MatrixPlan plan = new MatrixPlan(backend.cuda(), shape, bias.address(), bias.address())) {
                assertThat(plan.hasFewRows()).as(shape.toString()).isTrue();
                plan.useFewRows(true);
                plan.run(context, weight.address(), x.address(), out.address());
                context.synchronize();
            }
            for (int row = 0; row <= rows; row++) {
                for (int column = 0; column < n; column++) {
                    assertThat(out.get(row, column)).as("%s row=%d column=%d seed=%d", shape, row, column, seed)
                            .isCloseTo(expected[row][column],
                                    org.assertj.core.data.Offset.offset(limits[row][column]));
                }
            }
        }
    }

    private static Tensor normal(Arena arena, Random random, DType type, double deviation, int... shape) {
        Tensor tensor = arena.allocate(type, shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian() * deviation);
        }
        return tensor;
    }

    static double activated(Activation activation, double x) {
        return switch (activation) {
            case NONE -> x;
            case RELU -> Math.max(0, x);
            case QUICK_GELU -> x / (1 + Math.exp(-1.702 * x));
            case GELU -> x * 0.5 * (1 + erf(x / Math.sqrt(2)));
        };
    }

    /** Series, then continued fraction: Abramowitz and Stegun, 7.1.5 and 7.1.14. */
    private static double erf(double x) {
        double z = Math.abs(x);
        double value;
        if (z < 3) {
            double term = z;
            double sum = z;
            for (int i = 1; i < 100; i++) {
                term *= -z * z / i;
                sum += term / (2 * i + 1);
            }
            value = 2 / Math.sqrt(Math.PI) * sum;
        } else {
            double fraction = 0;
            for (int i = 60; i > 0; i--) {
                fraction = i / 2.0 / (z + fraction);
            }
            value = 1 - Math.exp(-z * z) / Math.sqrt(Math.PI) / (z + fraction);
        }
        return x < 0 ? -value : value;
    }
}
