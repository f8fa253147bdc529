package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Linear layers in e4m3 stay within the rounding of its three bits of mantissa. */
@RequiresCard
class Fp8LinearTest {
    /** Half a step of four significant bits, relative: of each factor of a product, and of both. */
    private static final double ROUNDOFF = 0x1p-4;
    private static final double PRODUCT = 2 * ROUNDOFF + ROUNDOFF * ROUNDOFF;
    /** Half the smallest step, of a factor whose largest magnitude is 1: below 2^-6 steps do not get smaller. */
    private static final double SUBNORMAL = 0x1p-10 / E4m3.MAX;
    /** Matrix units of sm_90 add products of 8 bits with 14 bits or so, before f32 sums take over. */
    private static final double SUM = 0x1p-13;

    private final long seed = Long.getLong("clip4j.seed", new Random().nextLong());
    private final Random random = new Random(seed);

    @BeforeEach
    void requireMatrixUnits() {
        CardInfo card = CardInfo.all().get(0);
        Assumptions.assumeTrue(card.hasFp8(), "the card has no units for e4m3: " + card);
    }

    private static CudaBackend open(CudaBackend.Mode mode) {
        return (CudaBackend) CudaBackendProvider.open(new BackendOptions(1, Precision.FP8), mode,
                AlgorithmSearch.Effort.FIRST);
    }

    @ParameterizedTest
    @CsvSource({"1, 16, 16", "2, 48, 32", "7, 64, 80", "16, 128, 128", "17, 96, 512", "50, 768, 768", "77, 512, 2048"})
    void staysWithinTheRoundingOfItsType(int rows, int n, int k) {
        check(rows, n, k, DType.F16, Activation.QUICK_GELU, false, DType.F16);
        check(rows, n, k, DType.F16, Activation.NONE, true, DType.F32);
        check(rows, n, k, DType.F32, Activation.RELU, false, DType.F32);
        check(rows, n, k, DType.BF16, Activation.GELU, false, DType.F16);
    }

    private void check(int rows, int n, int k, DType type, Activation activation, boolean add, DType outType) {
        try (CudaBackend backend = open(CudaBackend.Mode.HOST_MEMORY);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            Tensor weight = normal(arena, DType.F32, 1 / Math.sqrt(k), n, k);
            Tensor bias = normal(arena, DType.F32, 1, n);
            // Rows lie apart, with NaN between them.
            Tensor wide = arena.allocate(type, rows, k + 8);
            for (int i = 0; i < wide.elements(); i++) {
                wide.set(i, i % (k + 8) < k ? random.nextGaussian() : Double.NaN);
            }
            Tensor x = wide.columns(0, k);
            Tensor out = normal(arena, outType, 1, rows + 1, n);
            double[][] expected = new double[rows + 1][n];
            double[][] limits = new double[rows + 1][n];
            double mostX = largest(x);
            double mostWeight = largest(weight);
            for (int row = 0; row <= rows; row++) {
                for (int column = 0; column < n; column++) {
                    double before = out.get(row, column);
                    double sum = bias.get(column) + (add ? before : 0);
                    double magnitude = Math.abs(sum);
                    double lost = 0;
                    for (int i = 0; row < rows && i < k; i++) {
                        double product = x.get(row, i) * weight.get(column, i);
                        sum += product;
                        magnitude += Math.abs(product);
                        lost += PRODUCT * Math.abs(product)
                                + SUBNORMAL * (mostX * Math.abs(weight.get(column, i))
                                        + mostWeight * Math.abs(x.get(row, i)));
                    }
                    expected[row][column] = row == rows ? before : FewRowsTest.activated(activation, sum);
                    // No activation is steeper than 1.13. The bias is bf16 beside results in f32.
                    limits[row][column] = row == rows
                            ? 0
                            : 1.13 * (lost + SUM * magnitude + 0x1p-8 * Math.abs(bias.get(column)))
                                    + 0x1p-11 * Math.abs(expected[row][column]) + 0x1p-18;
                }
            }
            Linear linear = backend.linear(arena, weight, bias, activation);
            assertThat(precision(linear)).isEqualTo(Precision.FP8);
            if (add) {
                linear.runAdd(context, x, rows, out);
            } else {
                linear.run(context, x, rows, out);
            }
            for (int row = 0; row <= rows; row++) {
                for (int column = 0; column < n; column++) {
                    assertThat(out.get(row, column))
                            .as("rows=%d n=%d k=%d %s %s add=%s row=%d column=%d seed=%d", rows, n, k, type, activation,
                                    add, row, column, seed)
                            .isCloseTo(expected[row][column], Offset.offset(limits[row][column]));
                }
            }
        }
    }

    /** What is rounded is the numbers, not their sizes: nothing depends on the powers of two of the factors. */
    @Test
    void scalesMakeSmallAndLargeNumbersAlike() {
        int n = 32;
        int k = 64;
        int rows = 5;
        float[] weights = normal(n * k, 1);
        float[] inputs = normal(rows * k, 1);
        float[] plain = product(weights, inputs, n, k, rows, 1, 1);
        for (float[] scales : new float[][]{{0x1p-20f, 0x1p30f}, {0x1p10f, 0x1p-30f}}) {
            float[] scaled = product(weights, inputs, n, k, rows, scales[0], scales[1]);
            for (int i = 0; i < plain.length; i++) {
                assertThat(scaled[i] / (scales[0] * scales[1])).as("index=%d seed=%d", i, seed).isEqualTo(plain[i]);
            }
        }
    }

    private static float[] product(float[] weights, float[] inputs, int n, int k, int rows, float weightScale,
            float inputScale) {
        try (CudaBackend backend = open(CudaBackend.Mode.HOST_MEMORY);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            Tensor weight = arena.allocate(DType.F32, n, k);
            Tensor x = arena.allocate(DType.F32, rows, k);
            Tensor out = arena.allocate(DType.F32, rows, n);
            for (int i = 0; i < weights.length; i++) {
                weight.set(i, weights[i] * weightScale);
            }
            for (int i = 0; i < inputs.length; i++) {
                x.set(i, inputs[i] * inputScale);
            }
            backend.linear(arena, weight, arena.allocate(DType.F32, n), Activation.NONE).run(context, x, rows, out);
            float[] result = new float[rows * n];
            context.download(out, FloatBuffer.wrap(result), 0, result.length);
            return result;
        }
    }

    @Test
    void aValueThatIsNotFiniteMakesAllNaN() {
        for (float odd : new float[]{Float.NaN, Float.NEGATIVE_INFINITY}) {
            float[] inputs = normal(4 * 32, 1);
            inputs[37] = odd;
            float[] result = product(normal(16 * 32, 1), inputs, 16, 32, 4, 1, 1);
            for (int i = 16; i < 32; i++) {
                assertThat(result[i]).isNaN();
            }
        }
    }

    @Test
    void zerosGiveTheBias() {
        float[] result = product(new float[16 * 16], new float[3 * 16], 16, 16, 3, 1, 1);
        assertThat(result).containsOnly(0f);
    }

    @Test
    void layersItCannotTakeStayInF16() {
        try (CudaBackend backend = open(CudaBackend.Mode.DEVICE); Arena arena = backend.newArena()) {
            Tensor weight = Tensor.allocate(DType.F32, 32, 48);
            Tensor bias = Tensor.allocate(DType.F32, 32);
            assertThat(backend.activationType()).isEqualTo(DType.F16);
            assertThat(precision(backend.linear(arena, weight, bias, Activation.NONE))).isEqualTo(Precision.FP8);
            assertThat(precision(backend.linear(arena, weight, null, Activation.NONE))).isEqualTo(Precision.F16);
            assertThat(precision(
                    backend.linear(arena, Tensor.allocate(DType.F32, 32, 40), bias, Activation.NONE)))
                    .isEqualTo(Precision.F16);
        }
    }

    private static Precision precision(Linear linear) {
        return ((CudaLinear) linear).precision();
    }

    /** Sessions share a layer, and each has a scale of its own. */
    @Test
    void sessionsDoNotDisturbEachOther() {
        int n = 32;
        int k = 64;
        try (CudaBackend backend = open(CudaBackend.Mode.DEVICE);
                Arena arena = backend.newArena();
                ExecutionContext first = backend.newContext();
                ExecutionContext second = backend.newContext()) {
            Linear linear = backend.linear(arena, host(normal(n * k, 1), n, k), host(normal(n, 1), n), Activation.NONE);
            Tensor[] x = {arena.allocate(DType.F32, 3, k), arena.allocate(DType.F32, 3, k)};
            Tensor[] out = {arena.allocate(DType.F32, 3, n), arena.allocate(DType.F32, 3, n)};
            ExecutionContext[] contexts = {first, second};
            float[][] alone = new float[2][3 * n];
            for (int i = 0; i < 2; i++) {
                float[] values = normal(3 * k, i == 0 ? 1 : 1000);
                contexts[i].upload(FloatBuffer.wrap(values), 0, x[i], values.length);
                linear.run(contexts[i], x[i], 3, out[i]);
                contexts[i].download(out[i], FloatBuffer.wrap(alone[i]), 0, 3 * n);
            }
            float[] together = new float[3 * n];
            for (int round = 0; round < 4; round++) {
                for (int i = 0; i < 2; i++) {
                    int session = i;
                    contexts[i].replay(7, () -> linear.run(contexts[session], x[session], 3, out[session]));
                }
                for (int i = 0; i < 2; i++) {
                    contexts[i].download(out[i], FloatBuffer.wrap(together), 0, 3 * n);
                    assertThat(together).as("session=%d round=%d", i, round).isEqualTo(alone[i]);
                }
            }
        }
    }

    private float[] normal(int count, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (random.nextGaussian() * deviation);
        }
        return values;
    }

    private static Tensor host(float[] values, int... shape) {
        Tensor tensor = Tensor.allocate(DType.F32, shape);
        for (int i = 0; i < values.length; i++) {
            tensor.set(i, values[i]);
        }
        return tensor;
    }

    private Tensor normal(Arena arena, DType type, double deviation, int... shape) {
        Tensor tensor = arena.allocate(type, shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian() * deviation);
        }
        return tensor;
    }

    private static double largest(Tensor tensor) {
        double most = 0;
        for (int row = 0; row < tensor.rows(); row++) {
            for (int column = 0; column < tensor.columns(); column++) {
                most = Math.max(most, Math.abs(tensor.get(row, column)));
            }
        }
        return most;
    }

}
