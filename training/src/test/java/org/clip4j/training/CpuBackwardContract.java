package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.testing.Closeness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The fast backward passes against those in double precision; a subclass is a factory of a backend. */
abstract class CpuBackwardContract {
    /** Twice the largest rounding error relative to 1. */
    private static final double EPS = Math.ulp(1f);

    private final List<AutoCloseable> opened = new ArrayList<>();
    private final List<Tensor> padding = new ArrayList<>();
    private final ReferenceBackward oracle = new ReferenceBackward();
    private CpuBackward backward;
    private Values values;

    abstract CpuBackend backend(int threads);

    private void open(int threads) {
        CpuBackend backend = backend(threads);
        Arena arena = backend.newArena();
        backward = new CpuBackward(backend);
        values = new Values(arena, DType.F32);
        opened.addAll(List.of(backward, arena, backend));
    }

    @AfterEach
    void close() throws Exception {
        for (AutoCloseable resource : opened) {
            resource.close();
        }
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "3,7,17,2", "65,64,33,3", "50,129,65,2", "7,31,1030,1"})
    void linearMatchesTheOracle(int rows, int k, int n, int threads) {
        open(threads);
        Tensor x = values.normal(rows, k);
        Tensor dOut = values.normal(rows, n);
        Parameter weight = values.parameter(n, k);
        Parameter bias = values.parameter(n);
        Parameter expectedWeight = Values.copy(weight);
        Parameter expectedBias = Values.copy(bias);
        Tensor dx = values.normal(rows, k);
        Tensor expected = Values.copy(dx);
        oracle.linear(Values.copy(x), expectedWeight, expectedBias, Values.copy(dOut), rows, expected);
        Parameter magnitude = new Parameter("m", Values.absolute(weight.value()), Values.absolute(weight.gradient()),
                true);
        Parameter biasMagnitude = new Parameter("m", Values.absolute(bias.value()), Values.absolute(bias.gradient()),
                true);
        Tensor dxMagnitude = Values.copy(dx);
        oracle.linear(Values.absolute(x), magnitude, biasMagnitude, Values.absolute(dOut), rows, dxMagnitude);
        backward.linear(x, weight, bias, dOut, rows, dx);
        check("dx", expected, dx, dxMagnitude, n + 1);
        check("dWeight", expectedWeight.gradient(), weight.gradient(), magnitude.gradient(), rows + 1);
        check("dBias", expectedBias.gradient(), bias.gradient(), biasMagnitude.gradient(), 1);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1,1", "3,17,7,2", "65,33,64,3"})
    void projectionMatchesTheOracle(int rows, int width, int embedDim, int threads) {
        open(threads);
        Tensor x = values.normal(rows, width);
        Tensor dOut = values.normal(rows, embedDim);
        Parameter projection = values.parameter(width, embedDim);
        Parameter expectedProjection = Values.copy(projection);
        Tensor dx = values.normal(rows, width);
        Tensor expected = Values.copy(dx);
        oracle.projection(Values.copy(x), expectedProjection, Values.copy(dOut), rows, expected);
        Parameter magnitude = new Parameter("m", Values.absolute(projection.value()),
                Values.absolute(projection.gradient()), true);
        Tensor dxMagnitude = Values.copy(dx);
        oracle.projection(Values.absolute(x), magnitude, Values.absolute(dOut), rows, dxMagnitude);
        backward.projection(x, projection, dOut, rows, dx);
        check("dx", expected, dx, dxMagnitude, embedDim + 1);
        check("dProjection", expectedProjection.gradient(), projection.gradient(), magnitude.gradient(), rows + 1);
    }

    /** Each value within {@code roundings} roundings of the sum of the magnitudes that it is made of. */
    private void check(String what, Tensor expected, Tensor actual, Tensor magnitude, int roundings) {
        double[] limit = Values.of(magnitude);
        for (int i = 0; i < limit.length; i++) {
            limit[i] *= EPS * roundings;
        }
        Closeness.assertClose(what + " seed=" + values.seed, Values.of(expected), Values.of(actual), limit);
    }

    private void check(String what, Tensor expected, Tensor actual, double limit) {
        Closeness.assertClose(what + " seed=" + values.seed, Values.of(expected), Values.of(actual), limit);
    }

    @ParameterizedTest
    @EnumSource(value = Activation.class, names = {"NONE", "QUICK_GELU", "GELU"})
    void activationMatchesTheOracle(Activation activation) {
        open(2);
        Tensor sums = values.normal(5, 1031);
        for (int i = 0; i < 1031; i++) {
            sums.set(i, (i - 515) / 5.0);
        }
        Tensor gradient = values.normal(5, 1031);
        Tensor expected = Values.copy(gradient);
        Tensor magnitude = Values.absolute(gradient);
        for (int i = 0; i < magnitude.elements(); i++) {
            // An error of the exponential's argument, which grows with x, is an error of its value.
            magnitude.set(i, magnitude.get(i) * (1 + Math.abs(sums.get(i))));
        }
        oracle.activation(activation, Values.copy(sums), expected, 5, expected);
        backward.activation(activation, sums, gradient, 5, gradient);
        check("dSums", expected, gradient, magnitude, 8);
        Tensor out = values.zeros(5, 1031);
        Tensor expectedOut = Values.copy(out);
        oracle.activate(activation, Values.copy(sums), 5, expectedOut);
        backward.activate(activation, sums, 5, out);
        check("activate", expectedOut, out, 8 * EPS * Values.max(sums));
    }

    @ParameterizedTest
    @CsvSource({"1,3,1", "5,64,2", "17,1030,3"})
    void layerNormMatchesTheOracle(int rows, int width, int threads) {
        open(threads);
        Tensor x = values.normal(rows, width);
        Parameter gain = values.parameter(width);
        Parameter bias = values.parameter(width);
        Tensor dOut = values.normal(rows, width);
        Tensor dx = values.normal(rows, width);
        Parameter expectedGain = Values.copy(gain);
        Parameter expectedBias = Values.copy(bias);
        Tensor expected = Values.copy(dx);
        // Rows of three values can be nearly constant; what is divided by their deviation then counts that much more.
        double scale = 1 / Math.sqrt(smallestVariance(x) + BackwardOperations.EPSILON);
        double normalized = Math.sqrt(width);
        double gradient = Values.max(dOut) * (1 + Values.max(gain.value()));
        double conditioned = 1 + Values.max(x) * scale;
        oracle.layerNorm(Values.copy(x), expectedGain, expectedBias, Values.copy(dOut), rows, expected);
        backward.layerNorm(x, gain, bias, dOut, rows, dx);
        check("dx", expected, dx, EPS * (Values.max(expected) + 8 * scale * gradient * (1 + normalized) * conditioned));
        check("dGain", expectedGain.gradient(), gain.gradient(),
                EPS * (Values.max(gain.gradient()) + 8 * rows * gradient * normalized * conditioned));
        check("dBias", expectedBias.gradient(), bias.gradient(), EPS * Values.max(bias.gradient()));
    }

    private static double smallestVariance(Tensor x) {
        double smallest = Double.POSITIVE_INFINITY;
        for (int row = 0; row < x.rows(); row++) {
            double sum = 0;
            double squares = 0;
            for (int i = 0; i < x.columns(); i++) {
                sum += x.get(row, i);
                squares += x.get(row, i) * x.get(row, i);
            }
            double mean = sum / x.columns();
            smallest = Math.min(smallest, squares / x.columns() - mean * mean);
        }
        return smallest;
    }

    @ParameterizedTest
    @CsvSource({"1,3,false,1", "3,16,true,2", "2,65,false,3", "4,8,true,3"})
    void attentionMatchesTheOracle(int heads, int headWidth, boolean causal, int threads) {
        open(threads);
        int[] offsets = {0, 1, 18, 18, 83};
        checkAttention(heads, headWidth, causal, offsets, offsets);
    }

    @Test
    void attentionOfPooledQueriesMatchesTheOracle() {
        open(2);
        checkAttention(2, 7, false, new int[]{0, 1, 1, 2}, new int[]{0, 17, 20, 21});
    }

    private void checkAttention(int heads, int headWidth, boolean causal, int[] queryOffsets, int[] keyOffsets) {
        int queries = queryOffsets[queryOffsets.length - 1];
        int keys = keyOffsets[keyOffsets.length - 1];
        int width = heads * headWidth;
        // Queries, keys and values are columns of one matrix, as in a transformer.
        Tensor qkv = values.normal(Math.max(queries, keys), 3 * width);
        Tensor dQkv = values.normal(Math.max(queries, keys), 3 * width);
        AttentionInput input = Values.attention(qkv.columns(0, width).rows(0, queries),
                qkv.columns(width, 2 * width).rows(0, keys), qkv.columns(2 * width, 3 * width).rows(0, keys),
                queryOffsets, keyOffsets);
        AttentionInput gradient = new AttentionInput(dQkv.columns(0, width).rows(0, queries),
                dQkv.columns(width, 2 * width).rows(0, keys), dQkv.columns(2 * width, 3 * width).rows(0, keys));
        Tensor dOut = values.normal(queries, width);
        AttentionInput expected = new AttentionInput(Values.copy(gradient.queries()), Values.copy(gradient.keys()),
                Values.copy(gradient.values()));
        oracle.attention(heads, causal, Values.attention(Values.copy(input.queries()), Values.copy(input.keys()),
                Values.copy(input.values()), queryOffsets, keyOffsets), Values.copy(dOut), expected);
        backward.attention(heads, causal, input, dOut, gradient);
        double scale = 1 / Math.sqrt(headWidth);
        double q = Values.max(input.queries());
        double k = Values.max(input.keys());
        double v = Values.max(input.values());
        double g = Values.max(dOut);
        // A score's rounding is a relative error of its weight; the exponential and the division add to it.
        double weightError = EPS * (8 + scale * (headWidth + 2) * headWidth * q * k);
        double dScore = 2 * headWidth * g * v * (weightError + EPS * (headWidth + keys + 4));
        check("dQ", expected.queries(), gradient.queries(), scale * k * dScore);
        check("dK", expected.keys(), gradient.keys(), queries * scale * q * dScore);
        check("dV", expected.values(), gradient.values(), queries * g * (weightError + EPS * (queries + 1)));
    }

    @ParameterizedTest
    @CsvSource({"1,1", "33,2", "1030,3"})
    void embeddingsMatchTheOracle(int width, int threads) {
        open(threads);
        int[] ids = {4, 1, 1, 0, 4, 2};
        int[] offsets = {0, 2, 2, 6};
        Parameter table = values.parameter(5, width);
        Parameter positions = values.parameter(4, width);
        Tensor dOut = values.normal(10, width);
        Parameter expectedTable = Values.copy(table);
        Parameter expectedPositions = Values.copy(positions);
        oracle.tokenEmbedding(ids, offsets, 3, Values.copy(dOut), expectedTable, expectedPositions);
        backward.tokenEmbedding(ids, offsets, 3, dOut, table, positions);
        double limit = EPS * 3 * (Values.max(table.gradient(), positions.gradient()) + 3 * Values.max(dOut));
        check("dTable", expectedTable.gradient(), table.gradient(), limit);
        check("dPositions", expectedPositions.gradient(), positions.gradient(), limit);

        Parameter classEmbedding = values.parameter(width);
        Parameter imagePositions = values.parameter(5, width);
        Parameter expectedClass = Values.copy(classEmbedding);
        Parameter expectedImagePositions = Values.copy(imagePositions);
        Tensor dPatches = values.normal(8, width);
        Tensor expected = Values.copy(dPatches);
        oracle.imageTokens(Values.copy(dOut), 2, expectedClass, expectedImagePositions, expected);
        backward.imageTokens(dOut, 2, classEmbedding, imagePositions, dPatches);
        double imageLimit = EPS * 3 * (Values.max(classEmbedding.gradient(), imagePositions.gradient())
                + 3 * Values.max(dOut));
        check("dPatches", expected, dPatches, 0);
        check("dClass", expectedClass.gradient(), classEmbedding.gradient(), imageLimit);
        check("dImagePositions", expectedImagePositions.gradient(), imagePositions.gradient(), imageLimit);

        int[] rows = {3, 0, 3};
        Tensor dx = values.normal(5, width);
        Tensor expectedRows = Values.copy(dx);
        oracle.scatterAdd(Values.copy(dOut), rows, 3, expectedRows);
        backward.scatterAdd(dOut, rows, 3, dx);
        check("scatterAdd", expectedRows, dx, EPS * 2 * (Values.max(dx) + 2 * Values.max(dOut)));
    }

    @ParameterizedTest
    @CsvSource({"4,2,1,1", "12,4,17,2", "35,7,33,3"})
    void patchEmbeddingMatchesTheOracle(int side, int patch, int width, int threads) {
        open(threads);
        ConvolutionShape shape = new ConvolutionShape(ConvolutionShape.Layout.CHANNELS_FIRST, side, side, 3, width,
                patch, patch, 0);
        int rows = 3 * shape.outHeight() * shape.outWidth();
        Tensor x = values.normal(3, 3, side, side);
        Tensor dOut = values.normal(rows, width);
        Parameter weight = values.parameter(width, 3, patch, patch);
        Parameter expected = Values.copy(weight);
        Parameter magnitude = new Parameter("m", expected.value(), Values.absolute(weight.gradient()), true);
        oracle.patchEmbedding(shape, Values.copy(x), 3, Values.copy(dOut), expected);
        oracle.patchEmbedding(shape, Values.absolute(x), 3, Values.absolute(dOut), magnitude);
        backward.patchEmbedding(shape, x, 3, dOut, weight);
        check("dWeight", expected.gradient(), weight.gradient(), magnitude.gradient(), rows + 1);
    }

    @Test
    void l2NormalizeMatchesTheOracleAndLeavesARowOfZerosAlone() {
        open(2);
        Tensor x = values.normal(5, 33);
        for (int i = 0; i < 33; i++) {
            x.set(2, i, 0);
        }
        Tensor gradient = values.normal(5, 33);
        Tensor expected = Values.copy(gradient);
        oracle.l2Normalize(Values.copy(x), expected, 5, expected);
        backward.l2Normalize(x, gradient, 5, gradient);
        check("dx", expected, gradient, EPS * Values.max(expected));
        assertThat(Values.max(gradient.rows(2, 3))).isZero();
    }

    @Test
    void zeroLeavesRowsBehindAlone() {
        open(1);
        Tensor x = values.normal(3, 1030);
        double kept = x.get(2, 5);
        backward.zero(x, 2);
        assertThat(Values.max(x.rows(0, 2))).isZero();
        assertThat(x.get(2, 5)).isEqualTo(kept);
    }

    /** The columns of a matrix whose rows are followed by NaN, with the same values as another. */
    private Tensor padded(Tensor like) {
        Tensor whole = values.zeros(like.rows(), like.columns() + 3);
        for (int row = 0; row < whole.rows(); row++) {
            for (int i = 0; i < whole.columns(); i++) {
                whole.set(row, i, i < like.columns() ? like.get(row, i) : Double.NaN);
            }
        }
        Tensor view = whole.columns(0, like.columns());
        padding.add(whole);
        return view;
    }

    private void checkPadding() {
        for (Tensor whole : padding) {
            for (int row = 0; row < whole.rows(); row++) {
                for (int i = whole.columns() - 3; i < whole.columns(); i++) {
                    assertThat(whole.get(row, i)).as("padding of row %d", row).isNaN();
                }
            }
        }
    }

    /** One operation from two inputs of the same shape to an output of that shape. */
    private interface Operation {
        void run(Tensor x, Tensor dOut, Tensor dx);
    }

    @Test
    void columnViewsGiveTheSameNumbersAndTheirGapsStayAsTheyAre() {
        open(2);
        int rows = 17;
        int width = 33;
        Parameter square = values.parameter(width, width);
        Parameter gain = values.parameter(width);
        int[] some = {3, 0, 16, 3};
        List<Operation> operations = List.of(
                (x, dOut, dx) -> backward.linear(x, square, gain, dOut, rows, dx),
                (x, dOut, dx) -> backward.projection(x, square, dOut, rows, dx),
                (x, dOut, dx) -> backward.layerNorm(x, gain, gain, dOut, rows, dx),
                (x, dOut, dx) -> backward.activation(Activation.GELU, x, dOut, rows, dx),
                (x, dOut, dx) -> backward.activate(Activation.QUICK_GELU, x, rows, dx),
                (x, dOut, dx) -> backward.l2Normalize(x, dOut, rows, dx),
                (x, dOut, dx) -> backward.scatterAdd(dOut, some, 4, dx),
                (x, dOut, dx) -> backward.zero(dx, rows));
        for (int i = 0; i < operations.size(); i++) {
            Tensor x = values.normal(rows, width);
            Tensor dOut = values.normal(rows, width);
            Tensor expected = values.normal(rows, width);
            Tensor actual = padded(expected);
            operations.get(i).run(x, dOut, expected);
            operations.get(i).run(padded(x), padded(dOut), actual);
            check("operation " + i, expected, actual, 0);
            checkPadding();
        }
    }
}
