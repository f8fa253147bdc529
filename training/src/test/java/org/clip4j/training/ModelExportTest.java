package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.testing.Closeness;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelExportTest {
    private static final ModelSource SOURCE = new ModelSource("recipe=tiny seed=5", Optional.empty());

    @TempDir
    private Path folder;

    private final Arena arena = new Arena(MemoryAllocator.JDK);
    private final Parameters parameters = Parameters.random(arena, TinyClip.config(10), 5);

    @AfterEach
    void close() {
        arena.close();
    }

    /** Half an ulp of 1 in each type. */
    @ParameterizedTest
    @CsvSource({"F32,0", "F16,4.8828125e-4", "BF16,3.90625e-3"})
    void aModelFileHoldsTheWeightsRoundedOnce(DType dtype, double rounding) throws IOException {
        Path file = folder.resolve("m.safetensors");
        byte[] merges = "a b\nab c\n".getBytes(StandardCharsets.UTF_8);
        ModelExport.write(file, parameters, dtype, Optional.of(merges), SOURCE);
        try (ModelFile model = ModelFile.open(file)) {
            assertThat(model.config()).isEqualTo(parameters.config());
            assertThat(model.source()).isEqualTo(SOURCE);
            assertThat(model.bpeMerges().orElseThrow().remaining()).isEqualTo(merges.length);
            Parameters read = Parameters.copyOf(arena, model.config(), DType.F32, model);
            for (Parameter parameter : parameters.all()) {
                double[] expected = Values.of(parameter.value().reshape(1, parameter.value().elements()));
                double[] limit = new double[expected.length];
                for (int i = 0; i < limit.length; i++) {
                    // Subnormal halves are 2^-24 apart.
                    limit[i] = parameter.decays() ? Math.abs(expected[i]) * rounding + 0x1p-25 : 0;
                }
                Closeness.assertClose(parameter.name(), expected,
                        Values.of(read.tensor(parameter.name()).reshape(1, expected.length)), limit);
            }
        }
    }

    @Test
    void aWeightThatDoesNotFitLeavesNoFile() throws IOException {
        parameters.tensor("visual.proj").set(3, 1e6);
        assertThatThrownBy(() -> ModelExport.write(folder.resolve("m"), parameters, DType.F16, Optional.empty(),
                SOURCE)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("name=visual.proj index=3");
        try (var files = Files.list(folder)) {
            assertThat(files).isEmpty();
        }
    }
}
