package org.clip4j.benchmarks.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import org.clip4j.training.recipe.Recipe;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Both sides learn the same from the same, else their speeds say nothing. */
class PyTorchTrainingTest {
    /** Every size small and different. */
    private static Workload tiny(String activation) throws IOException {
        Map<String, Object> vision = Map.of("type", "transformer", "image_resolution", 16, "patch_size", 8, "width", 24,
                "layers", 2, "heads", 3, "mlp_width", 96, "activation", activation);
        Map<String, Object> text = Map.of("context_length", 48, "width", 16, "layers", 3, "heads", 2, "mlp_width", 64,
                "activation", activation);
        Map<String, Object> preprocess = Map.of("size", 16, "mean", List.of(0.5, 0.4, 0.3), "std",
                List.of(0.2, 0.25, 0.3));
        return Workload.of(Recipe.drawn().with(Map.of("batch", 6, "chunk", 4, "vocabulary",
                Map.of("captions", 20, "merges", 100), "model",
                Map.of("embed_dim", 8, "vision", vision, "text", text, "preprocess", preprocess))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"gelu", "quickgelu"})
    void takesTheSameStepsAsOurs(String activation) throws IOException {
        Workload workload = tiny(activation);
        try (TrainingRuntime ours = new Clip4jTraining(workload, 2);
                TrainingRuntime theirs = new PyTorchTraining(workload, 2)) {
            assertThat(theirs.description()).contains("BLAS mkl");
            for (int step = 0; step < 8; step++) {
                TrainingRuntime.Step expected = ours.step();
                TrainingRuntime.Step actual = theirs.step();
                // Each step's rounding is amplified by those after it.
                double limit = 1e-5 * (1 + step);
                assertThat(actual.loss()).as("loss of step %d", step).isCloseTo(expected.loss(),
                        within(limit * expected.loss()));
                assertThat(actual.gradientNorm()).as("gradient of step %d", step).isCloseTo(expected.gradientNorm(),
                        within(20 * limit * expected.gradientNorm()));
            }
        }
    }
}
