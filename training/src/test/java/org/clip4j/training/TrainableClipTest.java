package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.DoubleSupplier;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.reference.ReferenceBackend;
import org.clip4j.model.ImageTower;
import org.clip4j.model.TextTower;
import org.clip4j.openblas.OpenBlasBackendProvider;
import org.clip4j.testing.Closeness;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.LayerStore;
import org.clip4j.weights.TextConfig;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The whole model: towers, loss, temperature, chunks. */
class TrainableClipTest {
    private static final int PAIRS = 5;
    private static final long SEED = 3;

    private static CpuBackend openBlas(int threads) {
        return (CpuBackend) new OpenBlasBackendProvider().open(new BackendOptions(threads, Precision.F32));
    }

    /** Weights that have learned nothing, but with gains and biases that would be missed. */
    private static Parameters parameters(Arena arena, DType dtype, int eotToken) {
        ClipConfig config = TinyClip.config(eotToken);
        Parameters random = Parameters.random(arena, config, SEED);
        for (Parameter parameter : random.all()) {
            for (int i = 0; i < parameter.value().elements(); i++) {
                parameter.value().set(i, parameter.value().get(i) + 0.2 * Math.sin(i + parameter.name().length()));
            }
        }
        return Parameters.copyOf(arena, config, dtype, random);
    }

    private static Map<String, double[]> gradients(Parameters parameters) {
        Map<String, double[]> gradients = new LinkedHashMap<>();
        for (Parameter parameter : parameters.all()) {
            gradients.put(parameter.name(),
                    Values.of(parameter.gradient().reshape(1, parameter.gradient().elements())));
        }
        return gradients;
    }

    /** The gradient of a batch in double precision. */
    private static Map<String, double[]> reference(int chunk, int eotToken) throws IOException {
        try (Backend backend = new ReferenceBackend();
                Arena arena = backend.newArena();
                BackwardOperations backward = new ReferenceBackward();
                ContrastiveLoss loss = new ReferenceContrastiveLoss()) {
            Parameters parameters = parameters(arena, DType.F64, eotToken);
            try (TrainableClip model = new TrainableClip(parameters, backend, backward, chunk);
                    ContrastiveStep step = new ContrastiveStep(
                            new ContrastiveStep.Parts(parameters, model, backward, loss), backend.newArena(), PAIRS,
                            false)) {
                step.run(TinyClip.batch(PAIRS, SEED), chunk);
                return gradients(parameters);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {10, TextConfig.LARGEST_ID})
    void gradientMatchesDifferences(int eotToken) throws IOException {
        Map<String, double[]> actual = reference(PAIRS, eotToken);
        try (Backend backend = new ReferenceBackend();
                Arena arena = backend.newArena();
                BackwardOperations backward = new ReferenceBackward();
                ContrastiveLoss loss = new ReferenceContrastiveLoss()) {
            Parameters parameters = parameters(arena, DType.F64, eotToken);
            PairBatch batch = TinyClip.batch(PAIRS, SEED);
            for (Parameter parameter : parameters.all()) {
                try (TrainableClip model = new TrainableClip(parameters, backend, backward, PAIRS);
                        ContrastiveStep step = new ContrastiveStep(
                                new ContrastiveStep.Parts(parameters, model, backward, loss), backend.newArena(),
                                PAIRS, true)) {
                    checkDifferences(parameter, model, () -> step.run(batch, PAIRS).loss(),
                            actual.get(parameter.name()));
                }
            }
        }
    }

    private static void checkDifferences(Parameter parameter, TrainableClip model,
            DoubleSupplier loss, double[] gradient) {
        Tensor value = parameter.value();
        double rms = Math.sqrt(squares(gradient) / gradient.length);
        double step = 3e-4;
        int samples = Math.min(7, gradient.length);
        for (int sample = 0; sample < samples; sample++) {
            int i = (int) ((long) sample * gradient.length / samples);
            double old = value.get(i);
            double difference = 0;
            for (int side : new int[]{-2, -1, 1, 2}) {
                value.set(i, old + side * step);
                model.prepare();
                difference += Math.signum(side) * (Math.abs(side) == 1 ? 8 : -1) * loss.getAsDouble();
            }
            value.set(i, old);
            double expected = difference / 12 / step;
            // Rounding of the loss itself sets a floor where a gradient nearly vanishes.
            double limit = Math.max(1e-6 * Math.max(Math.abs(expected), rms), 1e-12 / step);
            Closeness.assertClose(parameter.name() + "[" + i + "]", new double[]{expected}, new double[]{gradient[i]},
                    limit);
        }
    }

    private static double squares(double[] values) {
        double sum = 0;
        for (double value : values) {
            sum += value * value;
        }
        return sum;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 4})
    void chunksGiveTheGradientOfTheWholeBatch(int chunk) throws IOException {
        Map<String, double[]> whole = reference(PAIRS, 10);
        Map<String, double[]> chunked = reference(chunk, 10);
        whole.forEach((name, expected) -> Closeness.assertClose(name, expected, chunked.get(name),
                1e-12 * Math.sqrt(squares(expected)) + 1e-15));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void singlePrecisionMatchesDouble(int threads) throws IOException {
        Map<String, double[]> expected = reference(PAIRS, 10);
        try (CpuBackend backend = openBlas(threads);
                Arena arena = backend.newArena();
                BackwardOperations backward = new CpuBackward(backend);
                ContrastiveLoss loss = new TiledContrastiveLoss(backend)) {
            Parameters parameters = parameters(arena, DType.F32, 10);
            try (TrainableClip model = new TrainableClip(parameters, backend, backward, 3);
                    ContrastiveStep step = new ContrastiveStep(
                            new ContrastiveStep.Parts(parameters, model, backward, loss), backend.newArena(), PAIRS,
                            false)) {
                step.run(TinyClip.batch(PAIRS, SEED), 3);
                // Two layers of about twenty operations forward and as many backward; the scale of 1 / 0.07 amplifies
                // the embeddings' roundings.
                double roundings = 2 * 2 * 20 * Math.exp(parameters.tensor("logit_scale").get(0));
                Map<String, double[]> actual = gradients(parameters);
                double norm = 0;
                for (double[] gradient : expected.values()) {
                    norm += squares(gradient);
                }
                for (Map.Entry<String, double[]> entry : expected.entrySet()) {
                    double own = Math.sqrt(squares(entry.getValue()));
                    double limit = Math.ulp(1f) / 2 * (roundings * own + Math.sqrt(norm));
                    Closeness.assertClose(entry.getKey(), entry.getValue(), actual.get(entry.getKey()), limit);
                }
            }
        }
    }

    @Test
    void forwardIsThatOfTheInferenceTowers() throws IOException {
        try (CpuBackend backend = openBlas(2);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext();
                BackwardOperations backward = new CpuBackward(backend)) {
            Parameters parameters = parameters(arena, DType.F32, 10);
            PairBatch batch = TinyClip.batch(PAIRS, SEED);
            Tensor embeddings = arena.allocate(DType.F32, PAIRS, 5);
            try (TrainableClip model = new TrainableClip(parameters, backend, backward, PAIRS)) {
                model.encodeImages(batch, 0, PAIRS, embeddings);
                model.encodeTexts(batch, 0, PAIRS, embeddings);
                ImageTower.Pass images = ImageTower.prepare(backend, arena, parameters.config(), parameters,
                        LayerStore.NONE)
                        .newPass(context, arena, PAIRS);
                Tensor input = images.input();
                for (int i = 0; i < input.elements(); i++) {
                    input.set(i, model.pixels().get(i));
                }
                images.run(PAIRS);
                assertThat(Values.of(model.projectedImages())).isEqualTo(Values.of(images.output()));
                TextTower.Pass texts = TextTower.prepare(backend, arena, parameters.config(), parameters,
                        LayerStore.NONE)
                        .newPass(context, arena, PAIRS, batch.offsets()[PAIRS]);
                texts.clear();
                for (int i = 0; i < PAIRS; i++) {
                    assertThat(texts.add(batch.ids(), batch.offsets()[i], batch.offsets()[i + 1])).isTrue();
                }
                texts.settle();
                texts.run();
                assertThat(Values.of(model.projectedTexts())).isEqualTo(Values.of(texts.output()));
            }
        }
    }
}
