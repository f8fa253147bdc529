package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.DoubleSupplier;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.reference.ReferenceBackend;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Every derivative against central differences of the reference backend, all in double precision. */
class ReferenceBackwardTest {
    private final Backend backend = new ReferenceBackend();
    private final ExecutionContext context = backend.newContext();
    private final Arena arena = backend.newArena();
    private final Values values = new Values(arena, DType.F64);
    private final BackwardOperations backward = new ReferenceBackward();

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,7,5", "5,4,9"})
    void linearMatchesDifferences(int rows, int k, int n) {
        Tensor x = values.normal(rows, k);
        Parameter weight = values.parameter(n, k);
        Parameter bias = values.parameter(n);
        Tensor out = values.zeros(rows, n);
        Tensor dOut = values.normal(rows, n);
        Tensor dx = values.normal(rows, k);
        double[] weightBefore = Values.of(weight.gradient());
        double[] biasBefore = Values.of(bias.gradient());
        backward.linear(x, weight, bias, dOut, rows, dx);
        DoubleSupplier loss = () -> {
            backend.linear(arena, weight.value(), bias.value(), Activation.NONE).run(context, x, rows, out);
            return Values.dot(out, dOut);
        };
        values.checkGradient("dx", loss, x, dx, null);
        values.checkGradient("dWeight", loss, weight.value(), weight.gradient(), weightBefore);
        values.checkGradient("dBias", loss, bias.value(), bias.gradient(), biasBefore);
    }

    @ParameterizedTest
    @CsvSource({"1,1,1", "3,7,5"})
    void projectionMatchesDifferences(int rows, int width, int embedDim) {
        Tensor x = values.normal(rows, width);
        Parameter projection = values.parameter(width, embedDim);
        Tensor out = values.zeros(rows, embedDim);
        Tensor dOut = values.normal(rows, embedDim);
        Tensor dx = values.normal(rows, width);
        double[] before = Values.of(projection.gradient());
        backward.projection(x, projection, dOut, rows, dx);
        DoubleSupplier loss = () -> {
            for (int row = 0; row < rows; row++) {
                for (int e = 0; e < embedDim; e++) {
                    double sum = 0;
                    for (int d = 0; d < width; d++) {
                        sum += x.get(row, d) * projection.value().get(d, e);
                    }
                    out.set(row, e, sum);
                }
            }
            return Values.dot(out, dOut);
        };
        values.checkGradient("dx", loss, x, dx, null);
        values.checkGradient("dProjection", loss, projection.value(), projection.gradient(), before);
    }

    @ParameterizedTest
    @EnumSource(value = Activation.class, names = {"NONE", "QUICK_GELU", "GELU"})
    void activationMatchesDifferences(Activation activation) {
        Tensor sums = values.normal(7, 11);
        for (int i = 0; i < 11; i++) {
            sums.set(i, 1.5 * (i - 5)); // the tails as well
        }
        Tensor out = values.zeros(7, 11);
        Tensor dOut = values.normal(7, 11);
        Tensor dSums = Values.copy(dOut);
        backward.activation(activation, sums, dSums, 7, dSums);
        values.checkGradient(activation.toString(), () -> {
            backward.activate(activation, sums, 7, out);
            return Values.dot(out, dOut);
        }, sums, dSums, null);
    }

    @Test
    void refusesAnActivationThatNoTransformerHas() {
        Tensor x = values.normal(1, 1);
        assertThatThrownBy(() -> backward.activation(Activation.RELU, x, x, 1, x))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("RELU");
    }

    @ParameterizedTest
    @CsvSource({"1,2", "3,7", "5,16"})
    void layerNormMatchesDifferences(int rows, int width) {
        Tensor x = values.normal(rows, width);
        Parameter gain = values.parameter(width);
        Parameter bias = values.parameter(width);
        Tensor out = values.zeros(rows, width);
        Tensor dOut = values.normal(rows, width);
        Tensor dx = values.normal(rows, width);
        double[] before = Values.of(dx);
        double[] gainBefore = Values.of(gain.gradient());
        double[] biasBefore = Values.of(bias.gradient());
        backward.layerNorm(x, gain, bias, dOut, rows, dx);
        DoubleSupplier loss = () -> {
            backend.layerNorm(arena, gain.value(), bias.value(), BackwardOperations.EPSILON).run(context, x, rows, out);
            return Values.dot(out, dOut);
        };
        values.checkGradient("dGain", loss, gain.value(), gain.gradient(), gainBefore);
        values.checkGradient("dBias", loss, bias.value(), bias.gradient(), biasBefore);
        if (width > 2) {
            // Of two values only the sign survives: the gradient is a rounding error of both.
            values.checkGradient("dx", loss, x, dx, before);
        }
    }

    @ParameterizedTest
    @CsvSource({"1,3,false", "1,3,true", "3,2,false", "3,2,true", "2,5,true"})
    void attentionMatchesDifferences(int heads, int headWidth, boolean causal) {
        int[] offsets = {0, 1, 6, 6, 9};
        checkAttention(heads, headWidth, causal, offsets, offsets);
    }

    @Test
    void attentionOfPooledQueriesMatchesDifferences() {
        checkAttention(2, 3, false, new int[]{0, 1, 2, 2}, new int[]{0, 4, 5, 9});
    }

    private void checkAttention(int heads, int headWidth, boolean causal, int[] queryOffsets, int[] keyOffsets) {
        int queries = queryOffsets[queryOffsets.length - 1];
        int keys = keyOffsets[keyOffsets.length - 1];
        int width = heads * headWidth;
        AttentionInput input = Values.attention(values.normal(queries, width), values.normal(keys, width),
                values.normal(keys, width), queryOffsets, keyOffsets);
        AttentionInput gradient = new AttentionInput(values.normal(queries, width), values.normal(keys, width),
                values.normal(keys, width));
        Tensor out = values.zeros(queries, width);
        Tensor dOut = values.normal(queries, width);
        backward.attention(heads, causal, input, dOut, gradient);
        Attention attention = backend.attention(heads, headWidth, causal);
        DoubleSupplier loss = () -> {
            attention.run(context, input, out);
            return Values.dot(out, dOut);
        };
        values.checkGradient("dQueries", loss, input.queries(), gradient.queries(), null);
        values.checkGradient("dKeys", loss, input.keys(), gradient.keys(), null);
        values.checkGradient("dValues", loss, input.values(), gradient.values(), null);
    }

    @Test
    void tokenEmbeddingMatchesDifferences() {
        int[] ids = {4, 1, 1, 0, 4, 2};
        int[] offsets = {0, 2, 2, 6};
        int[] places = {0, 1, 0, 1, 2, 3};
        Parameter table = values.parameter(5, 3);
        Parameter positions = values.parameter(4, 3);
        Tensor out = values.zeros(6, 3);
        Tensor dOut = values.normal(6, 3);
        double[] tableBefore = Values.of(table.gradient());
        double[] positionsBefore = Values.of(positions.gradient());
        backward.tokenEmbedding(ids, offsets, 3, dOut, table, positions);
        DoubleSupplier loss = () -> {
            backend.tokenEmbedding(arena, table.value(), positions.value()).run(context, ids, places, 6, out);
            return Values.dot(out, dOut);
        };
        values.checkGradient("dTable", loss, table.value(), table.gradient(), tableBefore);
        values.checkGradient("dPositions", loss, positions.value(), positions.gradient(), positionsBefore);
    }

    @Test
    void imageTokensMatchDifferences() {
        int images = 3;
        Tensor patches = values.normal(images * 4, 7);
        Parameter classEmbedding = values.parameter(7);
        Parameter positions = values.parameter(5, 7);
        Tensor out = values.zeros(images * 5, 7);
        Tensor dOut = values.normal(images * 5, 7);
        Tensor dPatches = values.normal(images * 4, 7);
        double[] classBefore = Values.of(classEmbedding.gradient());
        double[] positionsBefore = Values.of(positions.gradient());
        backward.imageTokens(dOut, images, classEmbedding, positions, dPatches);
        DoubleSupplier loss = () -> {
            backend.imageTokens(arena, classEmbedding.value(), positions.value()).run(context, patches, images, out);
            return Values.dot(out, dOut);
        };
        values.checkGradient("dPatches", loss, patches, dPatches, null);
        values.checkGradient("dClass", loss, classEmbedding.value(), classEmbedding.gradient(), classBefore);
        values.checkGradient("dPositions", loss, positions.value(), positions.gradient(), positionsBefore);
    }

    @ParameterizedTest
    @CsvSource({"CHANNELS_FIRST,6,2,2,0", "CHANNELS_FIRST,7,3,2,1", "CHANNELS_LAST,5,3,2,1"})
    void patchEmbeddingMatchesDifferences(ConvolutionShape.Layout layout, int side, int kernel, int stride,
            int padding) {
        ConvolutionShape shape = new ConvolutionShape(layout, side, side, 3, 5, kernel, stride, padding);
        int rows = 2 * shape.outHeight() * shape.outWidth();
        Tensor x = values.normal(2, shape.inElements());
        Parameter weight = values.parameter(5, 3, kernel, kernel);
        Tensor out = values.zeros(rows, 5);
        Tensor dOut = values.normal(rows, 5);
        double[] before = Values.of(weight.gradient());
        // Channels-last patches are only packed by a backend, so that the gradient is of the weight as it is stored.
        backward.patchEmbedding(shape, x, 2, dOut, weight);
        values.checkGradient("dWeight", () -> {
            backend.convolution(arena, shape, weight.value(), null, Activation.NONE).run(context, x, 2, out);
            return Values.dot(out, dOut);
        }, weight.value(), weight.gradient(), before);
    }

    @Test
    void scatterAddMatchesDifferences() {
        int[] rows = {3, 0, 3};
        Tensor x = values.normal(5, 4);
        Tensor out = values.zeros(3, 4);
        Tensor dOut = values.normal(3, 4);
        Tensor dx = values.normal(5, 4);
        double[] before = Values.of(dx);
        backward.scatterAdd(dOut, rows, 3, dx);
        values.checkGradient("dx", () -> {
            backend.rowGather(4).run(context, x, rows, 3, out);
            return Values.dot(out, dOut);
        }, x, dx, before);
    }

    @Test
    void l2NormalizeMatchesDifferences() {
        Tensor x = values.normal(3, 7);
        Tensor out = values.zeros(3, 7);
        Tensor dOut = values.normal(3, 7);
        Tensor dx = Values.copy(dOut);
        backward.l2Normalize(x, dx, 3, dx);
        values.checkGradient("dx", () -> {
            backend.l2Normalize(7).run(context, x, 3, out);
            return Values.dot(out, dOut);
        }, x, dx, null);
    }
}
