package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.openblas.OpenBlasBackendProvider;
import org.clip4j.weights.ModelFileException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
    private static final PairSource SOURCE = TinyClip.source(1);

    @TempDir
    private Path folder;

    private final CpuBackend backend = (CpuBackend) new OpenBlasBackendProvider()
            .open(new BackendOptions(2, Precision.F32));
    private final Arena arena = backend.newArena();

    @AfterEach
    void close() {
        arena.close();
        backend.close();
    }

    private static Trainer.Options options(int steps, boolean lockImage) {
        return new Trainer.Options(6, 4, new LearningRate(1e-2, 2, steps), AdamW.Options.clip(), lockImage, 3, "tiny");
    }

    private Parameters parameters() {
        return Parameters.random(arena, TinyClip.config(10), 5);
    }

    private static List<double[]> values(Parameters parameters) {
        List<double[]> values = new ArrayList<>();
        for (Parameter parameter : parameters.all()) {
            values.add(Values.of(parameter.value().reshape(1, parameter.value().elements())));
        }
        return values;
    }

    private static void requireSame(List<double[]> actual, List<double[]> expected) {
        for (int i = 0; i < expected.size(); i++) {
            assertThat(actual.get(i)).as("tensor %d", i).isEqualTo(expected.get(i));
        }
    }

    @Test
    void aResumedTrainingIsBitForBitTheUninterruptedOne() throws IOException {
        Parameters straight = parameters();
        List<Double> losses = new ArrayList<>();
        try (Trainer trainer = new Trainer(backend, straight, options(8, false))) {
            while (trainer.steps() < 8) {
                losses.add(trainer.step(SOURCE).loss());
            }
        }
        Path file = folder.resolve("c");
        try (Trainer trainer = new Trainer(backend, parameters(), options(8, false))) {
            for (int i = 0; i < 5; i++) {
                trainer.step(SOURCE);
            }
            trainer.save(file);
        }
        Parameters resumed = Parameters.random(arena, TinyClip.config(10), 99);
        try (Trainer trainer = new Trainer(backend, resumed, options(8, false))) {
            trainer.resume(file);
            assertThat(trainer.steps()).isEqualTo(5);
            for (int i = 5; i < 8; i++) {
                assertThat(trainer.step(SOURCE).loss()).isEqualTo(losses.get(i));
            }
        }
        requireSame(values(resumed), values(straight));
    }

    @Test
    void learnsPairsThatItSeesAgainAndAgain() throws IOException {
        PairSource few = (first, count, into) -> SOURCE.read(0, count, into);
        Parameters parameters = parameters();
        try (Trainer trainer = new Trainer(backend, parameters, options(150, false))) {
            Progress progress = trainer.step(few);
            double loss = progress.loss();
            while (trainer.steps() < 150) {
                progress = trainer.step(few);
            }
            assertThat(progress.loss()).isLessThan(0.2 * loss);
            assertThat(progress.accuracy()).isEqualTo(1);
        }
    }

    @Test
    void aLockedImageTowerStaysAsItIs() throws IOException {
        Parameters parameters = parameters();
        double[] image = Values.of(parameters.tensor("visual.proj"));
        double[] text = Values.of(parameters.tensor("text_projection"));
        try (Trainer trainer = new Trainer(backend, parameters, options(8, true))) {
            trainer.step(SOURCE);
            trainer.step(SOURCE);
        }
        assertThat(Values.of(parameters.tensor("visual.proj"))).isEqualTo(image);
        assertThat(Values.of(parameters.tensor("text_projection"))).isNotEqualTo(text);
    }

    @Test
    void anInterruptedRunGoesOnFromItsCheckpointAndItsLogHasEachStepOnce() throws IOException {
        Parameters straight = parameters();
        try (Trainer trainer = new Trainer(backend, straight, options(8, false))) {
            trainer.run(SOURCE, Files.createDirectory(folder.resolve("straight")), progress -> {});
        }
        Path interrupted = Files.createDirectory(folder.resolve("interrupted"));
        try (Trainer trainer = new Trainer(backend, parameters(), options(8, false))) {
            assertThatThrownBy(() -> trainer.run(SOURCE, interrupted, progress -> {
                if (progress.step() == 5) {
                    throw new IllegalStateException("killed");
                }
            })).hasMessage("killed");
        }
        Path log = interrupted.resolve(Trainer.LOG);
        Files.writeString(log, "{\"step\":6,\"lo", StandardOpenOption.APPEND);
        Parameters resumed = parameters();
        List<Long> steps = new ArrayList<>();
        try (Trainer trainer = new Trainer(backend, resumed, options(8, false))) {
            trainer.run(SOURCE, interrupted, progress -> steps.add(progress.step()));
        }
        assertThat(steps).containsExactly(4L, 5L, 6L, 7L, 8L);
        requireSame(values(resumed), values(straight));
        List<Object> logged = new ArrayList<>();
        for (String line : Files.readAllLines(log)) {
            logged.add(JSON.std.mapFrom(line).get("step"));
        }
        assertThat(logged).hasToString("[1, 2, 3, 4, 5, 6, 7, 8]");
        try (var files = Files.list(interrupted)) {
            assertThat(files.map(file -> file.getFileName().toString())).containsExactlyInAnyOrder(Trainer.CHECKPOINT,
                    Trainer.LOG);
        }
    }

    @Test
    void refusesACheckpointThatIsCutOffOrOfAnotherRecipe() throws IOException {
        Path file = folder.resolve("c");
        try (Trainer trainer = new Trainer(backend, parameters(), options(8, false))) {
            trainer.save(file);
        }
        Parameters parameters = Parameters.random(arena, TinyClip.config(10), 99);
        List<double[]> before = values(parameters);
        try (Trainer trainer = new Trainer(backend, parameters, options(9, false))) {
            assertThatThrownBy(() -> trainer.resume(file)).isInstanceOf(ModelFileException.class)
                    .hasMessageContaining("another training");
        }
        byte[] bytes = Files.readAllBytes(file);
        try (Trainer trainer = new Trainer(backend, parameters, options(8, false))) {
            for (int length : new int[]{0, 7, 100, bytes.length / 2, bytes.length - 1}) {
                Files.write(file, Arrays.copyOf(bytes, length));
                assertThatThrownBy(() -> trainer.resume(file)).as("length %d", length)
                        .isInstanceOf(ModelFileException.class);
            }
            Files.writeString(file, "x".repeat(100));
            assertThatThrownBy(() -> trainer.resume(file)).isInstanceOf(ModelFileException.class);
            assertThat(trainer.steps()).isZero();
        }
        requireSame(values(parameters), before);
    }
}
