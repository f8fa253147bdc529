package org.clip4j.benchmarks.pytorch;

import java.io.IOException;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.openblas.OpenBlasBackendProvider;
import org.clip4j.training.Progress;
import org.clip4j.training.Trainer;

/** Our own trainer, in f32 on OpenBLAS. */
final class Clip4jTraining implements TrainingRuntime {
    private final Workload workload;
    private final CpuBackend backend;
    private final Arena arena;
    private final Trainer trainer;

    Clip4jTraining(Workload workload, int threads) {
        this.workload = workload;
        backend = (CpuBackend) new OpenBlasBackendProvider().open(new BackendOptions(threads, Precision.F32));
        try {
            arena = backend.newArena();
            trainer = new Trainer(backend, workload.parameters(arena), workload.options());
        } catch (RuntimeException | Error e) {
            backend.close();
            throw e;
        }
    }

    @Override
    public String description() {
        return "clip4j, " + backend.description();
    }

    @Override
    public Step step() throws IOException {
        Progress progress = trainer.step(workload.source());
        return new Step(progress.loss(), progress.gradientNorm());
    }

    @Override
    public void close() {
        trainer.close();
        arena.close();
        backend.close();
    }
}
