package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.JavaBackendProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A training in a process of its own, killed without warning. */
class KilledTrainingTest {
    private static final int STEPS = 1_000_000;

    @TempDir
    private Path folder;

    /** What the process runs: a checkpoint after each step, so that most kills come while one is written. */
    public static final class Training {
        private Training() {}

        public static void main(String[] args) throws IOException {
            try (CpuBackend backend = backend();
                    Arena arena = backend.newArena();
                    Trainer trainer = trainer(backend, arena)) {
                trainer.run(TinyClip.source(1), Path.of(args[0]), progress -> {});
            }
        }
    }

    private static CpuBackend backend() {
        return (CpuBackend) new JavaBackendProvider().open(new BackendOptions(1, Precision.F32));
    }

    private static Trainer trainer(CpuBackend backend, Arena arena) {
        return new Trainer(backend, Parameters.random(arena, TinyClip.config(10), 5), new Trainer.Options(2, 2,
                new LearningRate(1e-3, 2, STEPS), AdamW.Options.clip(), false, 1, "tiny"));
    }

    @Test
    void aKilledTrainingLeavesACheckpointThatGoesOn() throws IOException, InterruptedException {
        long seed = Long.getLong("clip4j.seed", new Random().nextLong());
        Random random = new Random(seed);
        long before = 0;
        for (int kill = 0; kill < 4; kill++) {
            Path file = folder.resolve(Trainer.CHECKPOINT);
            Process process = new ProcessBuilder(Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp", System.getProperty("java.class.path"), Training.class.getName(), folder.toString())
                    .redirectErrorStream(true).redirectOutput(new File(folder.toFile(), "output")).start();
            long lastStep = before;
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
            while (lastStep <= before && process.isAlive() && System.nanoTime() < deadline) {
                TimeUnit.MILLISECONDS.sleep(20 + random.nextInt(50));
                lastStep = Files.exists(file) ? steps(file) : 0;
            }
            process.destroyForcibly().waitFor();
            long steps = steps(file);
            assertThat(steps).as("seed=%d kill=%d output=%s", seed, kill, Files.readString(folder.resolve("output")))
                    .isGreaterThan(before);
            before = steps;
        }
    }

    /** Reads the whole checkpoint. */
    private static long steps(Path file) throws IOException {
        try (CpuBackend backend = backend();
                Arena arena = backend.newArena();
                Trainer trainer = trainer(backend, arena)) {
            trainer.resume(file);
            return trainer.steps();
        }
    }
}
