package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.clip4j.cuda.Agreement.Verdict;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What may pass for the same result, and what may not. */
@RequiresCard
class AgreementTest {
    private static final int CHANNELS = 48;
    private static final ConvolutionShape SHAPE = new ConvolutionShape(Layout.CHANNELS_LAST, 160, 160, 64, CHANNELS, 3,
            1, 1);

    private final CudaBackend backend = (CudaBackend) CudaBackendProvider.open(new BackendOptions(1, Precision.F32),
            CudaBackend.Mode.HOST_MEMORY, AlgorithmSearch.Effort.FIRST);
    private final Arena arena = backend.newArena();
    private final CudaContext context = (CudaContext) backend.newContext();
    private final Random random = new Random(5);

    @AfterEach
    void close() {
        context.close();
        arena.close();
        backend.close();
    }

    private static CudnnShape shape(ElementType type, Precision precision) {
        return new CudnnShape(SHAPE, 1, type, precision, Activation.RELU, false);
    }

    /** More values than are compared at a time. */
    private Tensor normal(ElementType type) {
        Tensor tensor = arena.allocate(type.dtype(), SHAPE.outHeight() * SHAPE.outWidth(), CHANNELS);
        assertThat(tensor.elements()).isGreaterThan(1 << 20);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian());
        }
        return tensor;
    }

    /** With a relative error of each value. */
    private Tensor rounded(Tensor tensor, ElementType type, double error) {
        Tensor copy = arena.allocate(type.dtype(), tensor.shape());
        for (int i = 0; i < tensor.elements(); i++) {
            copy.set(i, tensor.get(i) * (1 + error * (2 * random.nextDouble() - 1)));
        }
        return copy;
    }

    private Verdict compare(CudnnShape shape, Tensor trusted, Tensor other) {
        return Agreement.of(context, shape, trusted.address(), other.address());
    }

    @Test
    void roundingIsNoDifference() {
        Tensor wide = normal(ElementType.F32);
        CudnnShape f32 = shape(ElementType.F32, Precision.F32);
        assertThat(compare(f32, wide, wide)).isEqualTo(Verdict.SAME);
        assertThat(compare(f32, wide, rounded(wide, ElementType.F32, 0x1p-22))).isEqualTo(Verdict.SAME);
        Tensor half = normal(ElementType.F16);
        assertThat(compare(shape(ElementType.F16, Precision.F16), half, rounded(half, ElementType.F16, 0x1p-11)))
                .isEqualTo(Verdict.SAME);
        Tensor brain = normal(ElementType.BF16);
        assertThat(compare(shape(ElementType.BF16, Precision.BF16), brain, rounded(brain, ElementType.BF16, 0x1p-8)))
                .isEqualTo(Verdict.SAME);
    }

    @Test
    void tf32IsNotF32() {
        Tensor exact = normal(ElementType.F32);
        Tensor coarse = rounded(exact, ElementType.F32, 0x1p-12);
        assertThat(compare(shape(ElementType.F32, Precision.TF32), exact, coarse)).isEqualTo(Verdict.SAME);
        assertThat(compare(shape(ElementType.F32, Precision.F32), exact, coarse)).isEqualTo(Verdict.DIFFERENT);
    }

    @Test
    void aSingleWrongValueIsSeenWhereverItIs() {
        for (ElementType type : ElementType.values()) {
            CudnnShape shape = shape(type, type == ElementType.F32 ? Precision.TF32 : Precision.F16);
            Tensor trusted = normal(type);
            for (int place : new int[]{0, (1 << 20) / CHANNELS * CHANNELS, trusted.elements() - 1}) {
                for (double wrong : new double[]{0.3, Double.NaN, Double.POSITIVE_INFINITY}) {
                    double right = trusted.get(place);
                    Tensor other = rounded(trusted, type, 0);
                    other.set(place, right + wrong);
                    assertThat(compare(shape, trusted, other)).as("%s place=%d wrong=%f", type, place, wrong)
                            .isEqualTo(Verdict.DIFFERENT);
                }
            }
        }
    }

    @Test
    void resultsThatShowNothingAreNoAgreement() {
        CudnnShape shape = shape(ElementType.F32, Precision.F32);
        Tensor bias = arena.allocate(ElementType.F32.dtype(), SHAPE.outHeight() * SHAPE.outWidth(), CHANNELS);
        for (int i = 0; i < bias.elements(); i++) {
            bias.set(i, i % CHANNELS);
        }
        assertThat(compare(shape, bias, bias)).isEqualTo(Verdict.UNKNOWN);
        Tensor broken = normal(ElementType.F32);
        broken.set(7, Double.NaN);
        assertThat(compare(shape, broken, broken)).isEqualTo(Verdict.UNKNOWN);
    }
}
