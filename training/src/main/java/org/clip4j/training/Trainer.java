package org.clip4j.training;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.weights.VisionConfig;

/**
 * Trains a model: reads a batch, computes its gradient, takes a step, logs, saves. The same parameters, source, options
 * and number of threads give the same weights, whether the training was interrupted or not. One thread at a time; the
 * parameters and the backend are the caller's and must outlive the trainer.
 */
public final class Trainer implements AutoCloseable {
    /** The checkpoint in a training's folder. */
    public static final String CHECKPOINT = "checkpoint.safetensors";
    /** The JSON lines in a training's folder. */
    public static final String LOG = "log.jsonl";

    private final Parameters parameters;
    private final Options options;
    private final OwnedResources opened = new OwnedResources();
    private final TrainableClip model;
    private final ContrastiveStep step;
    private final AdamW optimizer;
    private final PairBatch batch;
    private final TrainingCheckpoint checkpoint;

    /**
     * What a training is.
     *
     * @param batch pairs that the loss sees at once
     * @param chunk pairs whose activations are held at once; a batch of more chunks runs forward twice
     * @param learningRate and number of steps
     * @param optimizer moments, decay, clipping
     * @param lockImage true to train the text tower only
     * @param checkpointEvery steps from one checkpoint to the next
     * @param source what the pairs are, in any notation; a checkpoint of a training on others is refused
     */
    public record Options(int batch, int chunk, LearningRate learningRate, AdamW.Options optimizer, boolean lockImage,
            int checkpointEvery, String source) {
        /** Checks that the numbers are positive. */
        public Options {
            if (batch < 1 || chunk < 1 || checkpointEvery < 1) {
                throw new IllegalArgumentException("batch, chunk and checkpointEvery must be positive: batch=" + batch
                        + " chunk=" + chunk + " checkpointEvery=" + checkpointEvery);
            }
        }
    }

    /** Told of each step, on the training thread. */
    @FunctionalInterface
    public interface Listener {
        /** After the step, and after its checkpoint if it had one. */
        void stepped(Progress progress);
    }

    /** Allocates activations, embeddings and moments. */
    public Trainer(CpuBackend backend, Parameters parameters, Options options) {
        this.parameters = parameters;
        this.options = options;
        try {
            CpuBackward backward = opened.add(new CpuBackward(backend));
            TiledContrastiveLoss loss = opened.add(new TiledContrastiveLoss(backend));
            Arena arena = opened.add(backend.newArena());
            int chunk = Math.min(options.chunk, options.batch);
            model = opened.add(new TrainableClip(parameters, backend, backward, chunk));
            step = opened.add(new ContrastiveStep(new ContrastiveStep.Parts(parameters, model, backward, loss),
                    backend.newArena(), options.batch, options.lockImage));
            List<Parameter> trained = new ArrayList<>(parameters.all());
            trained.removeIf(parameter -> options.lockImage && parameter.name().startsWith("visual."));
            optimizer = opened.add(new AdamW(backend, arena, trained, options.optimizer));
            int resolution = ((VisionConfig.Transformer) parameters.config().vision()).imageResolution();
            batch = new PairBatch(options.batch, resolution, parameters.config().text().contextLength());
            checkpoint = new TrainingCheckpoint(parameters, optimizer, parameters.config() + " " + options
                    + " backend=" + backend.name()); // another one rounds differently
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    /** Steps taken so far, those before a resumption included. */
    public long steps() {
        return optimizer.steps();
    }

    /**
     * Trains to the end, from the folder's checkpoint if it has one.
     *
     * @param folder exists; receives {@link #CHECKPOINT} and {@link #LOG}
     * @throws IOException when a pair cannot be read or the folder cannot be written
     * @throws ArithmeticException when the gradient is not finite
     */
    public void run(PairSource source, Path folder, Listener listener) throws IOException {
        Path file = folder.resolve(CHECKPOINT);
        if (Files.exists(file)) {
            resume(file);
        }
        long total = options.learningRate.totalSteps();
        long firstStep = steps();
        long start = System.nanoTime();
        try (TrainingLog log = TrainingLog.open(folder.resolve(LOG), firstStep)) {
            while (steps() < total) {
                Progress progress = step(source);
                double seconds = (System.nanoTime() - start) / 1e9;
                double left = seconds / (steps() - firstStep) * (total - steps());
                progress = new Progress(progress.step(), total, progress.loss(), progress.accuracy(),
                        progress.learningRate(), progress.gradientNorm(), progress.logitScale(),
                        progress.samplesPerSecond(), left);
                log.append(progress);
                if (steps() % options.checkpointEvery == 0 || steps() == total) {
                    save(file);
                }
                listener.stepped(progress);
            }
        }
    }

    /**
     * Reads the next batch and takes one step.
     *
     * @throws IOException when a pair cannot be read
     * @throws ArithmeticException when the gradient is not finite; the weights have not changed then
     */
    public Progress step(PairSource source) throws IOException {
        long start = System.nanoTime();
        batch.clear();
        source.read(steps() * options.batch, options.batch, batch);
        if (batch.size() != options.batch) {
            throw new IOException("source did not deliver a batch: expected=" + options.batch + " actual="
                    + batch.size() + " step=" + steps());
        }
        ContrastiveLoss.Result result = step.run(batch, model.maxChunk());
        double learningRate = options.learningRate.at(steps());
        double norm = optimizer.step(learningRate);
        step.clipLogitScale();
        model.prepare();
        double seconds = (System.nanoTime() - start) / 1e9;
        double right = (result.rightTexts() + result.rightImages()) / (2.0 * options.batch);
        return new Progress(steps(), options.learningRate.totalSteps(), result.loss(), right, learningRate, norm,
                Math.exp(parameters.tensor("logit_scale").get(0)), options.batch / seconds, 0);
    }

    /**
     * Writes a checkpoint, whole or not at all.
     *
     * @throws IOException when it cannot be written
     */
    public void save(Path file) throws IOException {
        checkpoint.write(file);
    }

    /**
     * Goes on from a checkpoint.
     *
     * @throws org.clip4j.weights.ModelFileException when it is not one of this model, these options and this backend
     * @throws IOException when it cannot be read
     */
    public void resume(Path file) throws IOException {
        checkpoint.read(file);
        model.prepare();
    }

    /** Frees everything but parameters and backend. */
    @Override
    public void close() {
        opened.close();
    }
}
