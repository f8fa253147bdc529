package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** cuDNN's convolution, whatever the search would choose; shapes that it does not take are skipped. */
@RequiresCard
class CudnnPlanTest {
    /** Stem and bottlenecks of ResNets, and sizes that are no multiple of anything. */
    private static final List<ConvolutionShape> SHAPES = List.of(
            new ConvolutionShape(Layout.CHANNELS_LAST, 14, 14, 64, 64, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 7, 7, 512, 32, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 28, 28, 32, 64, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 9, 7, 40, 80, 3, 2, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 8, 9, 5, 33, 1, 2, 0),
            new ConvolutionShape(Layout.CHANNELS_LAST, 1, 1, 3, 4, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 11, 15, 37, 18, 3, 2, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 6, 5, 9, 3, 5, 1, 4));

    static List<Arguments> cases() {
        List<Arguments> cases = new ArrayList<>();
        for (ConvolutionShape shape : SHAPES) {
            for (Precision precision : new CudaBackendProvider().probe().precisions()) {
                if (precision != Precision.FP8) {
                    cases.add(Arguments.of(shape, precision));
                }
            }
        }
        return cases;
    }

    @ParameterizedTest
    @MethodSource("cases")
    void matchesExactSums(ConvolutionShape shape, Precision precision) {
        check(new Layer(shape, 1, precision, Activation.RELU, false));
        check(new Layer(shape, 3, precision, Activation.RELU, true));
        check(new Layer(shape, 2, precision, Activation.NONE, false));
        check(new Layer(shape, 1, precision, Activation.NONE, true));
    }

    private record Layer(ConvolutionShape shape, int images, Precision precision, Activation activation,
            boolean add) {}

    private static void check(Layer layer) {
        long seed = Long.getLong("clip4j.seed", new Random().nextLong());
        Random random = new Random(seed);
        ConvolutionShape shape = layer.shape;
        try (CudaBackend backend = (CudaBackend) CudaBackendProvider.open(new BackendOptions(1, layer.precision),
                CudaBackend.Mode.HOST_MEMORY, AlgorithmSearch.Effort.FIRST);
                Arena arena = backend.newArena();
                CudaContext context = (CudaContext) backend.newContext()) {
            Assumptions.assumeTrue(backend.cudnn().isUsable(), backend.cudnn().description());
            DType dtype = backend.activationType();
            ElementType type = ElementType.of("x", Tensor.allocate(dtype, 1));
            int k = shape.patchLength();
            int n = shape.outChannels();
            CudnnShape wanted = new CudnnShape(shape, layer.images, type, layer.precision, layer.activation,
                    layer.add);
            Tensor weight = CudaWeights.matrix(backend.cuda(), arena, shape, normal(arena, random, DType.F32,
                    1 / Math.sqrt(k), n, shape.inChannels(), shape.kernel(), shape.kernel()), type);
            Tensor bias = normal(arena, random, dtype, 1, n);
            Tensor x = normal(arena, random, dtype, 1, layer.images, shape.inElements());
            Tensor out = normal(arena, random, dtype, 1, wanted.rows() + 1, n);
            Tensor before = arena.allocate(DType.F32, wanted.rows() + 1, n);
            for (int i = 0; i < out.elements(); i++) {
                if (!layer.add && i < wanted.rows() * n) {
                    out.set(i, Double.NaN);
                }
                before.set(i, out.get(i));
            }
            try (CudnnPlan plan = new CudnnPlan(context.cudnn(), wanted, weight.address(), bias.address())) {
                plan.run(context, context.cudnn(), x.address(), out.address());
                context.synchronize();
            } catch (CudaException e) {
                Assumptions.assumeFalse(e.getMessage().contains("NOT_SUPPORTED"), e.getMessage());
                throw e;
            }
            double[] weights = new double[weight.elements()];
            Arrays.setAll(weights, weight::get);
            for (int row = 0; row < wanted.rows(); row++) {
                double[] patch = patch(shape, x, row);
                for (int column = 0; column < n; column++) {
                    double start = bias.get(column) + (layer.add ? before.get(row, column) : 0);
                    double[] sum = sumAndMagnitude(start, patch, weights, column * k);
                    double expected = layer.activation == Activation.RELU ? Math.max(0, sum[0]) : sum[0];
                    double actual = out.get(row, column);
                    double limit = limit(wanted, expected, sum[1]);
                    if (!(Math.abs(actual - expected) <= limit)) {
                        fail("%s row=%d column=%d actual=%s expected=%s limit=%s seed=%d", wanted, row, column, actual,
                                expected, limit, seed);
                    }
                }
            }
            for (int column = 0; column < n; column++) {
                assertThat(out.get(wanted.rows(), column)).as("behind the result of %s seed=%d", wanted, seed)
                        .isEqualTo(before.get(wanted.rows(), column));
            }
        }
    }

    private static double[] sumAndMagnitude(double start, double[] patch, double[] weights, int first) {
        double sum = start;
        double magnitude = Math.abs(start);
        for (int i = 0; i < patch.length; i++) {
            double product = patch[i] * weights[first + i];
            sum += product;
            magnitude += Math.abs(product);
        }
        return new double[]{sum, magnitude};
    }

    private static double limit(CudnnShape wanted, double expected, double magnitude) {
        double rounding = switch (wanted.type()) {
            case F32 -> 0x1p-24;
            case F16 -> 0x1p-11;
            case BF16 -> 0x1p-8;
        };
        // In tf32 each factor is rounded to 11 bits.
        double factors = wanted.precision() == Precision.TF32 ? 2.001 * 0x1p-11 : 0;
        return ((wanted.geometry().patchLength() + 4) * 0x1p-24 + factors) * magnitude
                + rounding * 1.001 * Math.abs(expected) + 0x1p-25;
    }

    /** What a row of the result is made of, in the order of the weights. */
    private static double[] patch(ConvolutionShape shape, Tensor x, int row) {
        int side = shape.kernel();
        int channels = shape.inChannels();
        double[] patch = new double[shape.patchLength()];
        int image = row / shape.outWidth() / shape.outHeight();
        int top = row / shape.outWidth() % shape.outHeight() * shape.stride() - shape.padding();
        int left = row % shape.outWidth() * shape.stride() - shape.padding();
        for (int i = 0; i < patch.length; i++) {
            int tap = i / channels;
            int y = top + tap / side;
            int xAt = left + tap % side;
            if (y >= 0 && y < shape.height() && xAt >= 0 && xAt < shape.width()) {
                patch[i] = x.get(((image * shape.height() + y) * shape.width() + xAt) * channels + i % channels);
            }
        }
        return patch;
    }

    private static Tensor normal(Arena arena, Random random, DType type, double deviation, int... shape) {
        Tensor tensor = arena.allocate(type, shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian() * deviation);
        }
        return tensor;
    }
}
