package org.clip4j.training.recipe;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.training.ModelExport;
import org.clip4j.training.OwnedResources;
import org.clip4j.training.PairSource;
import org.clip4j.training.Parameters;
import org.clip4j.training.Trainer;
import org.clip4j.training.bpe.BpeTrainer;
import org.clip4j.training.dataset.CaptionedSamples;
import org.clip4j.training.dataset.DatasetPairs;
import org.clip4j.training.dataset.Datasets;
import org.clip4j.training.dataset.UnusableSampleException;
import org.clip4j.training.drawn.DrawnPairs;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.Split;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.ModelSource;
import org.clip4j.weights.Sha256;
import org.clip4j.weights.VisionConfig;

/**
 * One training from a recipe and data to a model file. Holds weights, activations and the data set's index; the backend
 * is the caller's and must outlive it. One thread at a time.
 */
public final class TrainingRun implements AutoCloseable {
    /** The trained model in a training's folder. */
    public static final String MODEL = "model.safetensors";
    /** The recipe as it was in force. */
    public static final String RECIPE = "recipe.json";
    /** A pair that occurs once is no reason for a token. */
    private static final int MIN_PAIRS = 2;

    private final Recipe recipe;
    private final Task task;
    private final OwnedResources opened = new OwnedResources();
    private final BpeMerges merges;
    private final Parameters parameters;
    private final PairSource source;
    private final String sourceName;
    /** The model that the training started from, or nothing: a checkpoint of one that started from another is refused. */
    private final String init;
    private final Trainer trainer;

    /**
     * What is trained on what.
     *
     * @param data a folder or tar shards, as {@link Datasets} takes them; empty for the drawn world
     * @param init a model file to start from, with its vocabulary; without one the recipe's model starts from nothing
     * @param lockImage true to train the text tower only
     * @param notes takes lines about samples that cannot be used, on the calling thread
     */
    public record Task(List<Path> data, Optional<Path> init, boolean lockImage, Consumer<String> notes) {
        /** Refuses to lock a tower that has learned nothing. */
        public Task {
            data = List.copyOf(data);
            if (lockImage && init.isEmpty()) {
                throw new IllegalArgumentException("a locked image tower must have learned something:"
                        + " lockImage=true init=none; start from a model");
            }
        }
    }

    /**
     * Opens the data, learns the vocabulary or reads the model to start from, and allocates everything.
     *
     * @throws IOException when data, recipe or model cannot be used
     */
    public TrainingRun(CpuBackend backend, Recipe recipe, Task task) throws IOException {
        this.recipe = recipe;
        this.task = task;
        boolean complete = false;
        try {
            Arena arena = opened.add(backend.newArena());
            if (task.init.isPresent()) {
                Path start = task.init.get();
                try (ModelFile file = ModelFile.open(start)) {
                    merges = merges(file);
                    requireTransformer(file);
                    init = " init=" + start.getFileName() + " init_sha256=" + Sha256.of(List.of(start));
                    parameters = Parameters.copyOf(arena, file.config(), DType.F32, file);
                }
            } else {
                init = "";
                merges = learnVocabulary();
                parameters = Parameters.random(arena, recipe.config(merges.vocabSize(), merges.vocabSize() - 1),
                        recipe.hyperparameters().seed());
            }
            ClipConfig config = parameters.config();
            ClipTokenizer tokenizer = ClipTokenizer.of(merges, config.text().contextLength());
            if (task.data.isEmpty()) {
                source = opened.add(new DrawnPairs(recipe.hyperparameters().seed(), tokenizer,
                        config.preprocess().size(), backend.threads(), recipe.hyperparameters().firstPair()));
                sourceName = "drawn seed=" + recipe.hyperparameters().seed() + " lessons=" + DrawnPairs.LESSONS
                        + (recipe.hyperparameters().firstPair() == 0
                                ? ""
                                : " first_pair=" + recipe.hyperparameters().firstPair());
            } else {
                DatasetPairs pairs = opened.add(Datasets.pairs(task.data, new DatasetPairs.Options(tokenizer,
                        config.preprocess().size(), recipe.hyperparameters().seed(), backend.threads()), task.notes));
                source = pairs;
                sourceName = "samples=" + pairs.size() + " sha256=" + pairs.identity();
            }
            trainer = opened.add(new Trainer(backend, parameters, options()));
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    private DrawnWorld world() {
        return new DrawnWorld(recipe.hyperparameters().seed(), Split.TRAINING);
    }

    private Trainer.Options options() {
        Recipe.Hyperparameters numbers = recipe.hyperparameters();
        return new Trainer.Options(numbers.batch(), numbers.chunk(), numbers.learningRate(), numbers.optimizer(),
                task.lockImage, numbers.checkpointEvery(), sourceName + init);
    }

    private static BpeMerges merges(ModelFile file) throws ModelFileException {
        return BpeMerges.parse(file.bpeMerges().orElseThrow(() -> new ModelFileException(
                "model has no vocabulary, so captions cannot be read: file=" + file.path()
                        + "; convert it again with its vocabulary")));
    }

    private static void requireTransformer(ModelFile file) throws ModelFileException {
        if (!(file.config().vision() instanceof VisionConfig.Transformer)) {
            throw new ModelFileException("only vision transformers can be trained: file=" + file.path()
                    + " expected=transformer actual=modified_resnet; choose a ViT");
        }
    }

    private BpeMerges learnVocabulary() throws IOException {
        Recipe.Hyperparameters numbers = recipe.hyperparameters();
        if (task.data.isEmpty()) {
            return world().vocabulary(numbers.vocabularyCaptions(), numbers.vocabularyMerges());
        }
        BpeTrainer vocabulary = new BpeTrainer();
        try (CaptionedSamples samples = Datasets.captioned(task.data, note -> {})) {
            // Evenly from the whole data set, whose order may mean something.
            int count = Math.min(samples.size(), numbers.vocabularyCaptions());
            for (int i = 0; i < count; i++) {
                int index = (int) ((long) i * samples.size() / count);
                try {
                    vocabulary.add(samples.caption(index));
                } catch (UnusableSampleException e) {
                    task.notes.accept(e.getMessage());
                }
            }
        }
        return vocabulary.train(numbers.vocabularyMerges(), MIN_PAIRS);
    }

    /** The model as it is trained. */
    public ClipConfig config() {
        return parameters.config();
    }

    /** Number of learned values. */
    public long parameterCount() {
        return parameters.all().stream().mapToLong(parameter -> parameter.value().elements()).sum();
    }

    /** What the pairs are, in one line. */
    public String source() {
        return sourceName;
    }

    /**
     * Trains to the end, from the folder's checkpoint if it has one, and writes the model.
     *
     * @param folder exists; receives checkpoint, log, recipe and model
     * @param code which version of this program trains, for the model's metadata
     * @return the model file
     * @throws IOException when a pair cannot be read or the folder cannot be written
     * @throws ArithmeticException when the gradient is not finite
     */
    public Path run(Path folder, String code, Trainer.Listener listener) throws IOException {
        Path recipeFile = folder.resolve(RECIPE);
        if (!Files.exists(folder.resolve(Trainer.CHECKPOINT))) {
            Files.writeString(recipeFile, recipe.toJson() + "\n");
        }
        trainer.run(source, folder, listener);
        Path model = folder.resolve(MODEL);
        ModelExport.write(model, parameters, recipe.hyperparameters().dtype(), Optional.of(merges.toText()),
                new ModelSource(provenance(code), Optional.empty()));
        return model;
    }

    private String provenance(String code) {
        return "clip train: recipe=" + recipe.name() + " recipe_sha256=" + recipe.sha256() + " seed="
                + recipe.hyperparameters().seed() + " steps=" + trainer.steps() + " data=" + sourceName
                + init + (task.lockImage ? " lock_image" : "") + " code=" + code;
    }

    /** Frees everything but the backend. */
    @Override
    public void close() {
        opened.close();
    }
}
