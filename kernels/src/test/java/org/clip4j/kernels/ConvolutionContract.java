package org.clip4j.kernels;

import static org.clip4j.kernels.Trial.EPSILON;

import java.util.List;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Convolutions and pools. */
interface ConvolutionContract extends BackendFixture {
    /** Patch embeddings, the stem and the bottlenecks of a ResNet, and sizes that are no multiple of anything. */
    List<ConvolutionShape> SHAPES = List.of(
            new ConvolutionShape(Layout.CHANNELS_FIRST, 64, 96, 3, 17, 32, 32, 0),
            new ConvolutionShape(Layout.CHANNELS_FIRST, 28, 42, 3, 65, 14, 14, 0),
            new ConvolutionShape(Layout.CHANNELS_FIRST, 17, 13, 3, 7, 3, 2, 1),
            new ConvolutionShape(Layout.CHANNELS_FIRST, 9, 8, 1, 1, 1, 1, 0),
            new ConvolutionShape(Layout.CHANNELS_FIRST, 8, 8, 2, 40, 7, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 9, 7, 8, 9, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 7, 7, 16, 17, 1, 1, 0),
            new ConvolutionShape(Layout.CHANNELS_LAST, 8, 9, 5, 33, 1, 2, 0),
            new ConvolutionShape(Layout.CHANNELS_LAST, 14, 21, 3, 5, 7, 7, 0),
            new ConvolutionShape(Layout.CHANNELS_LAST, 2, 3, 4, 130, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 1, 1, 3, 4, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 14, 14, 64, 31, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 11, 15, 37, 18, 3, 2, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 6, 5, 9, 3, 5, 1, 4),
            new ConvolutionShape(Layout.CHANNELS_FIRST, 28, 30, 3, 32, 3, 2, 1));

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    default void convolutionMatchesReference(int threads) {
        try (Trial trial = trial(threads)) {
            List<Activation> activations = List.of(Activation.values());
            for (int i = 0; i < SHAPES.size(); i++) {
                checkConvolution(trial, SHAPES.get(i), 1 + i % 3, activations.get(i % 4), i % 2 == 0, i % 3);
            }
        }
    }

    /** 4 MB of patches are one chunk: 334 rows of these, of which each of three lanes has more. */
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    default void convolutionOfManyRowsIsDoneInChunks(int threads) {
        try (Trial trial = trial(threads)) {
            checkConvolution(trial, new ConvolutionShape(Layout.CHANNELS_LAST, 25, 25, 64, 2, 7, 1, 3), 2,
                    Activation.RELU, true, 0);
            // 2,401 rows: nine groups of 256, three for each of three lanes, and a rest.
            checkConvolution(trial, new ConvolutionShape(Layout.CHANNELS_LAST, 49, 49, 3, 17, 3, 1, 1), 1,
                    Activation.RELU, true, 1);
        }
    }

    private static void checkConvolution(Trial trial, ConvolutionShape shape, int images, Activation activation,
            boolean withBias, int padding) {
        int k = shape.patchLength();
        int n = shape.outChannels();
        int rows = images * shape.outHeight() * shape.outWidth();
        Tensor weight = trial.normal(DType.F32, 1 / Math.sqrt(k), n, shape.inChannels(), shape.kernel(),
                shape.kernel());
        Tensor bias = withBias ? trial.normal(n) : null;
        Tensor x = trial.normal(images, shape.inElements());
        Tensor before = trial.normal(rows, n);
        Convolution tested = trial.backend.convolution(trial.arena, shape, weight, bias, activation);

        Tensor sums = Trial.expected(rows, n);
        trial.reference.convolution(null, shape, weight, bias, Activation.NONE)
                .run(trial.referenceContext, x, images, sums);
        Tensor magnitudes = Trial.expected(rows, n);
        trial.reference.convolution(null, shape, Trial.absolute(weight), bias == null ? null : Trial.absolute(bias),
                Activation.NONE).run(trial.referenceContext, Trial.absolute(x), images, magnitudes);
        Tensor expected = activated(trial, activation, sums);
        GuardedTensor out = trial.output(rows, n, padding);
        String what = shape + " images=" + images + " activation=" + activation + " threads="
                + trial.backend.threads();
        tested.run(trial.context, x, images, out.tensor());
        out.check(what, expected, (row, column) -> ActivationLimit.of(activation, sums.get(row, column),
                (k + 2) * EPSILON * magnitudes.get(row, column)));

        for (int i = 0; i < sums.elements(); i++) {
            sums.set(i, sums.get(i) + before.get(i));
        }
        GuardedTensor added = trial.output(rows, n, padding);
        added.fill(before);
        tested.runAdd(trial.context, x, images, added.tensor());
        added.check(what + " added", activated(trial, activation, sums),
                (row, column) -> ActivationLimit.of(activation, sums.get(row, column), (k + 3) * EPSILON
                        * (magnitudes.get(row, column) + Math.abs(before.get(row, column)))));
    }

    /** The activation of sums that are known: a linear layer of the oracle that adds nothing. */
    private static Tensor activated(Trial trial, Activation activation, Tensor sums) {
        Tensor result = Trial.copy(sums);
        Tensor none = Tensor.allocate(DType.F64, sums.columns(), 1);
        trial.reference.linear(null, none, null, activation).runAdd(trial.referenceContext,
                Tensor.allocate(DType.F64, sums.rows(), 1), sums.rows(), result);
        return result;
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1, 1", "2, 4, 5, 2, 2", "7, 7, 3, 1, 3", "2, 2, 1025, 3, 2", "4, 2, 2048, 1, 1",
            "6, 4, 64, 2, 2", "14, 7, 9, 1, 2"})
    default void averagePoolMatchesReference(int kernelsHigh, int kernelsWide, int channels, int images, int threads) {
        for (int kernel = 1; kernel <= 3; kernel++) {
            try (Trial trial = trial(threads)) {
                int height = kernelsHigh * kernel;
                int width = kernelsWide * kernel;
                int side = kernel;
                Tensor x = trial.normalRows(images * height * width, channels, kernel);
                int rows = images * kernelsHigh * kernelsWide;
                Tensor expected = Trial.expected(rows, channels);
                trial.reference.averagePool(height, width, channels, kernel)
                        .run(trial.referenceContext, x, images, expected);
                Tensor magnitudes = Trial.expected(rows, channels);
                trial.reference.averagePool(height, width, channels, kernel)
                        .run(trial.referenceContext, Trial.absolute(x), images, magnitudes);
                GuardedTensor out = trial.output(rows, channels, 2);
                trial.backend.averagePool(height, width, channels, kernel)
                        .run(trial.context, x, images, out.tensor());
                // The sums, and the factor 1 / kernel^2 that is rounded itself.
                out.check("averagePool kernel=" + kernel + " channels=" + channels, expected,
                        (row, column) -> (side * side + 1) * EPSILON * magnitudes.get(row, column));
            }
        }
    }
}
