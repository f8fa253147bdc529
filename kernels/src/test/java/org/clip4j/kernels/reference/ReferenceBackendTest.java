package org.clip4j.kernels.reference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.ParameterContract;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Test;

/** The oracle itself, against small values worked out by hand. */
class ReferenceBackendTest implements ParameterContract {
    /** Double precision throughout; the values below have at most a dozen operations behind them. */
    private static final double LIMIT = 16 * Math.ulp(1.0);

    private final Backend backend = new ReferenceBackend();
    private final ExecutionContext context = backend.newContext();

    @Override
    public Backend open(int threads) {
        return new ReferenceBackend();
    }

    private static Tensor matrix(int rows, int columns, double... values) {
        return vector(values).reshape(rows, columns);
    }

    private static Tensor vector(double... values) {
        Tensor tensor = Tensor.allocate(DType.F64, values.length);
        for (int i = 0; i < values.length; i++) {
            tensor.set(i, values[i]);
        }
        return tensor;
    }

    private static void check(Tensor actual, double... expected) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual.get(i)).as("index=%d", i).isCloseTo(expected[i], within(LIMIT * Math.abs(expected[i])));
        }
    }

    @Test
    void linearMultipliesWithTheTransposedWeight() {
        Tensor weight = matrix(3, 2, 1, 2, 3, 4, 5, 6);
        Tensor x = matrix(2, 2, 10, 1, -1, 0);
        Tensor out = matrix(2, 3, 1, 1, 1, 2, 2, 2);
        Linear linear = backend.linear(null, weight, vector(0.5, 0, -0.5), Activation.RELU);
        linear.runAdd(context, x, 2, out);
        check(out, 13.5, 35, 56.5, 1.5, 0, 0);
        linear.run(context, x, 2, out);
        check(out, 12.5, 34, 55.5, 0, 0, 0);
    }

    @Test
    void activationsHaveTheirKnownValues() {
        // Phi(1) and Phi(-6) to 17 and 16 digits: Abramowitz and Stegun, table 26.1 and 26.2.
        assertThat(ReferenceActivation.apply(Activation.GELU, 1)).isCloseTo(0.84134474606854293, within(1e-15));
        // exp(-z^2) passes on the error of z^2 = 18: its two factors and the product are rounded.
        assertThat(ReferenceActivation.apply(Activation.GELU, -6)).isCloseTo(-6 * 9.8658764503769814e-10,
                within(6e-9 * (4 * 18 + 16) * 0x1p-53));
        assertThat(ReferenceActivation.apply(Activation.GELU, 40)).isEqualTo(40);
        assertThat(ReferenceActivation.apply(Activation.GELU, 0)).isZero();
        assertThat(ReferenceActivation.apply(Activation.QUICK_GELU, 2)).isCloseTo(2 / (1 + Math.exp(-3.404)),
                within(LIMIT));
        assertThat(ReferenceActivation.apply(Activation.RELU, -3)).isZero();
        assertThat(ReferenceActivation.apply(Activation.NONE, -3)).isEqualTo(-3);
        // The two formulas of erfc meet at 3.
        double series = ReferenceActivation.erfc(Math.nextDown(3.0));
        assertThat(ReferenceActivation.erfc(3)).isCloseTo(series, within(1e-15));
    }

    @Test
    void layerNormHasZeroMeanAndUnitVariance() {
        Tensor out = matrix(1, 4, 0, 0, 0, 0);
        backend.layerNorm(null, vector(1, 1, 2, 1), vector(0, 0, 0, 10), 0).run(context, matrix(1, 4, 1, 3, 1, 3), 1,
                out);
        check(out, -1, 1, -2, 11);
        backend.layerNorm(null, vector(1, 1, 1, 1), vector(0, 0, 0, 0), 3).run(context, matrix(1, 4, 1, 3, 1, 3), 1,
                out);
        check(out, -0.5, 0.5, -0.5, 0.5);
    }

    @Test
    void attentionWeighsValuesBySoftmax() {
        double third = Math.log(2) * Math.sqrt(1);
        AttentionInput input = new AttentionInput(matrix(2, 1, 1, 0), matrix(2, 1, 0, third), matrix(2, 1, 6, 12));
        input.segments(new int[]{0, 2}, new int[]{0, 2}, 1);
        Tensor out = matrix(2, 1, 0, 0);
        backend.attention(1, 1, false).run(context, input, out);
        check(out, 10, 9);
        backend.attention(1, 1, true).run(context, input, out);
        check(out, 6, 9);
        input.segments(new int[]{0, 1, 2}, new int[]{0, 1, 2}, 2);
        backend.attention(1, 1, false).run(context, input, out);
        check(out, 6, 12);
    }

    @Test
    void attentionScalesByTheRootOfTheHeadWidth() {
        double quarter = Math.log(3) * 2;
        AttentionInput input = new AttentionInput(matrix(1, 4, 1, 0, 0, 0), matrix(2, 4, 0, 0, 0, 0, quarter, 0, 0, 0),
                matrix(2, 4, 4, 0, 0, 0, 8, 0, 0, 0));
        input.segments(new int[]{0, 1}, new int[]{0, 2}, 1);
        Tensor out = matrix(1, 4, 0, 0, 0, 0);
        backend.attention(1, 4, false).run(context, input, out);
        check(out, 7, 0, 0, 0);
    }

    @Test
    void convolutionSlidesOverThePaddedImage() {
        // 2 channels of 2 x 2 pixels; the first kernel is all ones on channel 0, the second picks the centre of channel 1.
        Tensor weight = Tensor.allocate(DType.F64, 2, 2, 3, 3);
        for (int i = 0; i < 9; i++) {
            weight.set(i, 1);
        }
        weight.set(18 + 9 + 4, 1);
        ConvolutionShape first = new ConvolutionShape(Layout.CHANNELS_FIRST, 2, 2, 2, 2, 3, 1, 1);
        Convolution convolution = backend.convolution(null, first, weight, vector(0.5, 0), Activation.NONE);
        Tensor out = Tensor.allocate(DType.F64, 4, 2);
        convolution.run(context, vector(1, 2, 3, 4, 5, 6, 7, 8), 1, out);
        check(out, 10.5, 5, 10.5, 6, 10.5, 7, 10.5, 8);
        ConvolutionShape last = new ConvolutionShape(Layout.CHANNELS_LAST, 2, 2, 2, 2, 3, 2, 1);
        Tensor strided = matrix(1, 2, 100, 0);
        backend.convolution(null, last, weight, null, Activation.NONE).runAdd(context,
                vector(1, 5, 2, 6, 3, 7, 4, 8), 1, strided);
        check(strided, 110, 5);
    }

    @Test
    void poolsAverageSquaresOfPixels() {
        Tensor out = matrix(2, 1, 0, 0);
        backend.averagePool(2, 4, 1, 2).run(context, matrix(8, 1, 1, 2, 10, 20, 3, 4, 30, 40), 1, out);
        check(out, 2.5, 25);
    }

    @Test
    void causalAttentionFollowsThePathOfASegment() {
        // Scores are 0, so that a query averages what it sees: rows 0 1 2, then 0 3, then 0 3 4 with two queries.
        Tensor values = matrix(5, 1, 1, 2, 6, 5, 12);
        AttentionInput input = new AttentionInput(matrix(5, 1, 0, 0, 0, 0, 0), matrix(5, 1, 1, 2, 3, 4, 5), values);
        input.segments(new int[]{0, 2, 3, 5}, new int[]{0, 3, 5, 8}, new int[]{0, 1, 2, 0, 3, 0, 3, 4}, 3);
        Tensor out = Tensor.allocate(DType.F64, 5, 1);
        backend.attention(1, 1, true).run(context, input, out);
        check(out, 1.5, 3, 3, 3, 6);
    }

    @Test
    void tokensArePutTogetherInOrder() {
        Tensor out = Tensor.allocate(DType.F64, 3, 2);
        Tensor positions = matrix(3, 2, 100, 200, 300, 400, 500, 600);
        backend.imageTokens(null, vector(7, 8), positions).run(context, matrix(2, 2, 1, 2, 3, 4), 1, out);
        check(out, 107, 208, 301, 402, 503, 604);
        backend.meanToken(null, positions).run(context, matrix(2, 2, 1, 2, 3, 4), 1, out);
        check(out, 102, 203, 301, 402, 503, 604);
        backend.tokenEmbedding(null, matrix(2, 2, 1, 2, 3, 4), positions).run(context, new int[]{1, 0, 1},
                new int[]{0, 0, 1}, 3, out);
        check(out, 103, 204, 101, 202, 303, 404);
        backend.rowGather(2).run(context, positions, new int[]{2, 2, 0}, 3, out);
        check(out, 500, 600, 500, 600, 100, 200);
    }

    @Test
    void l2NormalizeLeavesZerosAlone() {
        Tensor x = matrix(2, 2, 3, 4, 0, 0);
        backend.l2Normalize(2).run(context, x, 2, x);
        check(x, 0.6, 0.8, 0, 0);
    }
}
