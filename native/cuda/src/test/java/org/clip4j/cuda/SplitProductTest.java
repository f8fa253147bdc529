package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.assertj.core.data.Offset;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The split product with its sum and layer norm, whatever the search would choose. */
@RequiresCard
class SplitProductTest {
    @ParameterizedTest
    @CsvSource({"1, 64, 64", "3, 512, 2048", "8, 512, 512", "17, 768, 768", "33, 1024, 1024", "50, 768, 3072",
            "77, 512, 2048", "80, 1280, 256"})
    void matchesExactSums(int rows, int n, int k) {
        check(Precision.F16, rows, n, k);
        check(Precision.BF16, rows, n, k);
    }

    private static void check(Precision precision, int rows, int n, int k) {
        long seed = new Random().nextLong();
        Random random = new Random(seed);
        try (CudaBackend backend = (CudaBackend) CudaBackendProvider.open(new BackendOptions(1, precision),
                CudaBackend.Mode.HOST_MEMORY, AlgorithmSearch.Effort.FIRST);
                Arena arena = backend.newArena();
                CudaContext context = (CudaContext) backend.newContext()) {
            Assumptions.assumeTrue(backend.cuda().info().hasAsyncMatrixUnits(), "the card has no such matrix units");
            DType type = backend.activationType();
            Tensor weight = normal(arena, random, type, n, k);
            Tensor bias = normal(arena, random, DType.F32, n);
            Tensor in = normal(arena, random, type, rows, k);
            Tensor x = normal(arena, random, DType.F32, rows + 1, n);
            Tensor normed = normal(arena, random, type, rows, n);
            CudaLayerNorm norm = (CudaLayerNorm) backend.layerNorm(arena, normal(arena, random, DType.F32, n),
                    normal(arena, random, DType.F32, n), 1e-5f);
            CudaLinear linear = (CudaLinear) backend.linear(arena, weight, bias, Activation.NONE);
            double[][] sums = new double[rows + 1][n];
            double[][] magnitudes = new double[rows + 1][n];
            for (int row = 0; row <= rows; row++) {
                for (int column = 0; column < n; column++) {
                    double sum = x.get(row, column);
                    double magnitude = Math.abs(sum) + Math.abs(bias.get(column));
                    for (int i = 0; row < rows && i < k; i++) {
                        double product = in.get(row, i) * weight.get(column, i);
                        sum += product;
                        magnitude += Math.abs(product);
                    }
                    sums[row][column] = row < rows ? sum + bias.get(column) : sum;
                    magnitudes[row][column] = row < rows ? magnitude : 0;
                }
            }
            SplitProduct split = SplitProduct.of(backend.cuda(), linear.weight(), bias, rows);
            assertThat(split).as("rows=%d n=%d k=%d", rows, n, k).isNotNull();
            split.run(context, in, x, norm, normed);
            context.synchronize();
            for (int row = 0; row <= rows; row++) {
                double mean = 0;
                double variance = 1e-5;
                for (double value : sums[row]) {
                    mean += value / n;
                }
                for (double value : sums[row]) {
                    variance += (value - mean) * (value - mean) / n;
                }
                for (int column = 0; column < n; column++) {
                    String at = precision + " rows=" + rows + " n=" + n + " k=" + k + " row=" + row + " column="
                            + column + " seed=" + seed;
                    double error = (k + 8) * 0x1p-24 * magnitudes[row][column];
                    assertThat(x.get(row, column)).as(at).isCloseTo(sums[row][column], Offset.offset(error));
                    if (row < rows) {
                        double scaled = (sums[row][column] - mean) / Math.sqrt(variance) * norm.gain().get(column);
                        double expected = scaled + norm.bias().get(column);
                        double rounding = precision == Precision.F16 ? 0x1p-11 : 0x1p-8;
                        assertThat(normed.get(row, column)).as(at).isCloseTo(expected, Offset.offset(
                                rounding * 1.001 * Math.abs(expected) + 0x1p-18 * (Math.abs(scaled) + 1)
                                        + 4 * error / Math.sqrt(variance) * Math.abs(norm.gain().get(column))));
                    }
                }
            }
        }
    }

    private static Tensor normal(Arena arena, Random random, DType type, int... shape) {
        Tensor tensor = arena.allocate(type, shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian());
        }
        return tensor;
    }
}
