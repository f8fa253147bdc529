package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.training.Trainer;
import org.clip4j.training.recipe.Recipe;
import org.clip4j.training.recipe.TrainingRun;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParentCommand;

/** Pictures with captions to a model. */
@Command(name = "train", mixinStandardHelpOptions = true, sortOptions = false, description = {
        "Trains a model on pictures with captions, and goes on where an interrupted training stopped."})
final class TrainCommand implements Callable<Integer> {
    private static final String DRAWN = "drawn";
    private static final long NANOS_PER_SECOND = 1_000_000_000;
    /** 30 seconds: often enough for a log that somebody watches. */
    private static final long NOTE_EVERY_NANOS = 30 * NANOS_PER_SECOND;

    @ParentCommand
    private ClipCommand clip;
    @Option(names = "--data", paramLabel = "DATA", arity = "1..*", description = {
            "drawn, for pictures that are drawn on the way; a folder of pictures with captions in .txt files",
            "of the same name; or tar shards (webdataset), shard-{000..012}.tar for a range. Default: drawn."})
    private List<String> data = List.of(DRAWN);
    @Option(names = "--out", required = true, paramLabel = "FOLDER", description = {
            "Receives model, checkpoint, recipe and log; with a checkpoint in it, training goes on from there."})
    private Path out;
    @Option(names = "--init", paramLabel = "M", description = {
            "A model file to start from; default: the recipe's model, which has learned nothing."})
    private Path init;
    @Option(names = "--lock-image", description = "Train the text tower only.")
    private boolean lockImage;
    @Option(names = "--recipe", paramLabel = "FILE", description = {
            "JSON, as training/recipes/drawn.json, which is the default."})
    private Path recipe;
    @Option(names = "--steps", paramLabel = "N", description = "Instead of the recipe's.")
    private Integer steps;
    @Option(names = "--warmup-steps", paramLabel = "N", description = "Instead of the recipe's.")
    private Integer warmupSteps;
    @Option(names = "--batch", paramLabel = "N", description = {
            "Pairs that the loss sees at once, instead of the recipe's."})
    private Integer batch;
    @Option(names = "--chunk", paramLabel = "N", description = {
            "Pairs whose activations are in memory at once, instead of the recipe's; a smaller one costs a second",
            "forward pass, not accuracy."})
    private Integer chunk;
    @Option(names = "--learning-rate", paramLabel = "X", description = "Peak, instead of the recipe's.")
    private Double learningRate;
    @Option(names = "--seed", paramLabel = "N", description = "Instead of the recipe's.")
    private Integer seed;

    @Override
    public Integer call() throws IOException {
        if (lockImage && init == null) {
            throw new InputException("--lock-image keeps an image tower that has learned something; add --init M");
        }
        InputFiles.refuseFolder("--recipe", recipe);
        Recipe chosen = (recipe == null ? Recipe.drawn() : Recipe.read(recipe)).with(changes());
        Console console = clip.console();
        TrainingRun.Task task = new TrainingRun.Task(data(), Optional.ofNullable(init), lockImage, console::note);
        createFolder();
        try (CpuBackend backend = backend(); TrainingRun run = new TrainingRun(backend, chosen, task)) {
            int total = chosen.hyperparameters().learningRate().totalSteps();
            console.note(String.format(Locale.ROOT,
                    "training %,d parameters for %d steps of %d pairs, %s with %d threads, %s",
                    run.parameterCount(), total, chosen.hyperparameters().batch(), backend.name(), backend.threads(),
                    run.source()));
            Path model;
            try (Progress bar = Progress.items("train", total, false, console)) {
                model = run.run(out, ClipVersion.code(), listener(bar, console));
            }
            console.note("wrote " + model);
        }
        return ExitCodes.OK;
    }

    private Map<String, Object> changes() {
        Map<String, Object> changes = new LinkedHashMap<>();
        changes.put("steps", steps);
        changes.put("warmup_steps", warmupSteps);
        changes.put("batch", batch);
        changes.put("chunk", chunk);
        changes.put("learning_rate", learningRate);
        changes.put("seed", seed);
        changes.values().removeIf(value -> value == null);
        return changes;
    }

    private List<Path> data() {
        if (data.equals(List.of(DRAWN))) {
            return List.of();
        }
        if (data.contains(DRAWN)) {
            throw new InputException("the drawn world cannot be mixed with files: --data " + String.join(" ", data));
        }
        return data.stream().map(Path::of).toList();
    }

    private void createFolder() throws IOException {
        try {
            Files.createDirectories(out);
        } catch (FileSystemException e) {
            throw new InputException("cannot create the folder: --out " + out + " reason=" + AtomicFile.reason(e), e);
        }
    }

    /** Training runs on the processor, in f32. */
    private CpuBackend backend() {
        BackendChoice choice = clip.backendChoice();
        choice.loadOptions();
        if (choice.pinned()) {
            throw new InputException("training draws and reads pictures on threads of its own, which would share a"
                    + " processor with its computing: --pin; leave it out");
        }
        if (choice.precision() != Precision.F32) {
            throw new InputException("training has one precision: --precision " + choice.precision().label()
                    + " expected f32");
        }
        Backend backend = Backends.open(choice.device(), choice.backend(), choice.backendOptions());
        if (backend instanceof CpuBackend cpu) {
            return cpu;
        }
        String name = backend.name();
        backend.close();
        throw new InputException("this backend cannot train: --backend " + name
                + "; choose openblas, onednn or java");
    }

    private static Trainer.Listener listener(Progress bar, Console console) {
        long[] noted = {System.nanoTime()};
        return progress -> {
            String state = String.format(Locale.ROOT, "loss %.3f, %.0f%% right, %.0f/s", progress.loss(),
                    100 * progress.accuracy(), progress.samplesPerSecond());
            bar.stepTo(progress.step(), state);
            long now = System.nanoTime();
            boolean last = progress.step() == progress.totalSteps();
            if (!bar.shown() && (last || now - noted[0] >= NOTE_EVERY_NANOS)) {
                noted[0] = now;
                console.note(String.format(Locale.ROOT, "step %d of %d, %s, %.0f min left", progress.step(),
                        progress.totalSteps(), state, progress.secondsLeft() / 60));
            }
        };
    }
}
