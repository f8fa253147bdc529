package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.function.DoubleSupplier;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.openblas.OpenBlasBackendProvider;
import org.clip4j.testing.Closeness;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ContrastiveLossTest {
    private static final double TOLERANCE = 1e-6;

    private static CpuBackend backend(int threads) {
        return (CpuBackend) new OpenBlasBackendProvider().open(new BackendOptions(threads, Precision.F32));
    }

    @ParameterizedTest
    @CsvSource({"1,3", "2,5", "7,4"})
    void gradientOfTheReferenceMatchesDifferences(int count, int columns) {
        Arena arena = new Arena(MemoryAllocator.JDK);
        Values values = new Values(arena, DType.F64);
        Tensor images = values.normal(count, columns);
        Tensor texts = values.normal(count, columns);
        Tensor scale = values.zeros(1);
        scale.set(0, 3.5);
        ContrastiveLoss.Gradients into = new ContrastiveLoss.Gradients(values.normal(count, columns),
                values.normal(count, columns));
        ContrastiveLoss.Gradients unused = new ContrastiveLoss.Gradients(values.zeros(count, columns),
                values.zeros(count, columns));
        try (ContrastiveLoss loss = new ReferenceContrastiveLoss()) {
            Tensor dScale = values.zeros(1);
            dScale.set(0, loss.run(images, texts, count, scale.get(0), into).dScale());
            DoubleSupplier value = () -> loss.run(images, texts, count, scale.get(0), unused).loss();
            if (count > 1) {
                values.checkGradient("dImages", value, images, into.dImages(), null);
                values.checkGradient("dTexts", value, texts, into.dTexts(), null);
                values.checkGradient("dScale", value, scale, dScale, null);
            } else {
                assertThat(Values.max(into.dImages(), into.dTexts(), dScale)).isZero();
            }
        }
        arena.close();
    }

    @ParameterizedTest
    @CsvSource({"1,3,1,14.3", "2,5,2,1", "255,64,1,14.3", "256,17,2,100", "257,33,3,14.3", "512,64,2,14.2857",
            "512,256,1,100", "600,31,3,50"})
    void tilesMatchTheDirectComputation(int count, int columns, int threads, double scale) {
        try (CpuBackend backend = backend(threads);
                Arena arena = backend.newArena();
                ContrastiveLoss tiled = new TiledContrastiveLoss(backend);
                ContrastiveLoss direct = new ReferenceContrastiveLoss()) {
            Values values = new Values(arena, DType.F32);
            Tensor images = unit(values.normal(count, columns), null);
            // Texts lean towards their images, so that the diagonal counts.
            Tensor texts = unit(values.normal(count, columns), images);
            ContrastiveLoss.Gradients actual = new ContrastiveLoss.Gradients(values.normal(count, columns),
                    values.normal(count, columns));
            ContrastiveLoss.Gradients expected = new ContrastiveLoss.Gradients(Values.copy(actual.dImages()),
                    Values.copy(actual.dTexts()));
            ContrastiveLoss.Result want = direct.run(Values.copy(images), Values.copy(texts), count, (float) scale,
                    expected);
            ContrastiveLoss.Result is = tiled.run(images, texts, count, (float) scale, actual);
            String seed = " seed=" + values.seed;
            Closeness.assertClose("loss and dScale" + seed, new double[]{want.loss(), want.dScale()},
                    new double[]{is.loss(), is.dScale()}, TOLERANCE);
            // Similarities of up to 1 are rounded to f32; times the scale that is a relative error of probabilities.
            double tolerance = Math.max(TOLERANCE, scale * Math.ulp(1f) / 2);
            checkNorm("dImages" + seed, expected.dImages(), actual.dImages(), tolerance);
            checkNorm("dTexts" + seed, expected.dTexts(), actual.dTexts(), tolerance);
            assertThat(is.rightTexts()).as("right texts" + seed).isEqualTo(want.rightTexts());
            assertThat(is.rightImages()).as("right images" + seed).isEqualTo(want.rightImages());
        }
    }

    /** Compares the norm of the error with the norm of the gradient. */
    private static void checkNorm(String what, Tensor expected, Tensor actual, double tolerance) {
        double[] difference = Values.of(actual);
        double[] wanted = Values.of(expected);
        double error = 0;
        double norm = 0;
        for (int i = 0; i < wanted.length; i++) {
            error += (difference[i] - wanted[i]) * (difference[i] - wanted[i]);
            norm += wanted[i] * wanted[i];
        }
        assertThat(Math.sqrt(error)).as(what).isLessThanOrEqualTo(tolerance * Math.sqrt(norm));
    }

    private static Tensor unit(Tensor x, Tensor towards) {
        for (int row = 0; row < x.rows(); row++) {
            double squares = 0;
            for (int i = 0; i < x.columns(); i++) {
                x.set(row, i, x.get(row, i) + (towards == null ? 0 : 3 * towards.get(row, i)));
                squares += x.get(row, i) * x.get(row, i);
            }
            for (int i = 0; i < x.columns(); i++) {
                x.set(row, i, x.get(row, i) / Math.sqrt(squares));
            }
        }
        return x;
    }

    @Test
    void refusesAScaleBeyondTheClip() {
        try (CpuBackend backend = backend(1);
                Arena arena = backend.newArena();
                ContrastiveLoss loss = new TiledContrastiveLoss(backend)) {
            Tensor x = arena.allocate(DType.F32, 2, 3);
            ContrastiveLoss.Gradients into = new ContrastiveLoss.Gradients(arena.allocate(DType.F32, 2, 3),
                    arena.allocate(DType.F32, 2, 3));
            assertThatThrownBy(() -> loss.run(x, x, 2, 101, into)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("scale=101");
            assertThatThrownBy(() -> loss.run(x, x, 3, 100, into)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("count=3");
        }
    }
}
