package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.JavaBackendProvider;
import org.clip4j.testing.Closeness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class AdamWTest {
    private static final AdamW.Options OPTIONS = new AdamW.Options(0.9, 0.98, 1e-6, 0.2, 1, 0);

    private final CpuBackend backend = (CpuBackend) new JavaBackendProvider()
            .open(new BackendOptions(3, Precision.F32));
    private final Arena arena = backend.newArena();
    private final Values values = new Values(arena, DType.F32);

    @AfterEach
    void close() {
        arena.close();
        backend.close();
    }

    private Parameter parameter(int size, boolean decays) {
        return new Parameter("p", values.normal(size), values.zeros(size), decays);
    }

    @Test
    void followsTheAlgorithmInDoublePrecision() {
        Parameter weight = parameter(2051, true);
        Parameter gain = parameter(7, false);
        double[][] expected = {Values.of(weight.value()), Values.of(gain.value())};
        double[][] mean = {new double[2051], new double[7]};
        double[][] square = {new double[2051], new double[7]};
        try (AdamW optimizer = new AdamW(backend, arena, List.of(weight, gain), OPTIONS)) {
            for (int step = 1; step <= 5; step++) {
                Tensor[] gradients = {values.normal(2051), values.normal(7)};
                double squares = 0;
                for (int p = 0; p < 2; p++) {
                    Tensor to = (p == 0 ? weight : gain).gradient();
                    for (int i = 0; i < to.elements(); i++) {
                        // The third gradient is too small to be clipped.
                        to.set(i, gradients[p].get(i) * (step == 3 ? 1e-3 : 1));
                        squares += to.get(i) * to.get(i);
                    }
                }
                double norm = Math.sqrt(squares);
                assertThat(optimizer.step(0.01)).isCloseTo(norm, within(1e-9 * norm));
                for (int p = 0; p < 2; p++) {
                    Tensor gradient = (p == 0 ? weight : gain).gradient();
                    for (int i = 0; i < expected[p].length; i++) {
                        double g = gradient.get(i) * Math.min(1, 1 / norm);
                        mean[p][i] = 0.9 * mean[p][i] + 0.1 * g;
                        square[p][i] = 0.98 * square[p][i] + 0.02 * g * g;
                        expected[p][i] *= p == 0 ? 1 - 0.01 * 0.2 : 1;
                        expected[p][i] -= 0.01 * mean[p][i] / (1 - Math.pow(0.9, step))
                                / (Math.sqrt(square[p][i] / (1 - Math.pow(0.98, step))) + 1e-6);
                    }
                }
            }
        }
        // An update is of the learning rate's size and has a dozen roundings; the weight itself has one per step, and
        // its decay another.
        double limit = Math.ulp(1f) * 5 * (0.01 * 12 * 5 + 2 * 5);
        Closeness.assertClose("weight seed=" + values.seed, expected[0], Values.of(weight.value()), limit);
        Closeness.assertClose("gain seed=" + values.seed, expected[1], Values.of(gain.value()), limit);
    }

    @Test
    void aGradientThatIsNotFiniteChangesNothing() {
        Parameter weight = parameter(33, true);
        double[] before = Values.of(weight.value());
        weight.gradient().set(32, Double.NaN);
        try (AdamW optimizer = new AdamW(backend, arena, List.of(weight), OPTIONS)) {
            assertThatThrownBy(() -> optimizer.step(0.1)).isInstanceOf(ArithmeticException.class)
                    .hasMessageContaining("step=0");
            assertThat(optimizer.steps()).isZero();
            assertThat(Values.of(weight.value())).isEqualTo(before);
        }
    }

    @Test
    void theLearningRateRisesAndFalls() {
        LearningRate rate = new LearningRate(2, 4, 24);
        assertThat(rate.at(0)).isEqualTo(0.5);
        assertThat(rate.at(3)).isEqualTo(2);
        assertThat(rate.at(4)).isEqualTo(2);
        assertThat(rate.at(14)).isCloseTo(1, within(1e-12));
        assertThat(rate.at(24)).isCloseTo(0, within(1e-12));
        assertThat(rate.at(1000)).isCloseTo(0, within(1e-12));
        assertThatThrownBy(() -> new LearningRate(1, 5, 5)).isInstanceOf(IllegalArgumentException.class);
    }
}
