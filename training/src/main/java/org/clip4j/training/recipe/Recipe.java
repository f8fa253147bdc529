package org.clip4j.training.recipe;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.clip4j.kernels.DType;
import org.clip4j.training.AdamW;
import org.clip4j.training.LearningRate;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ConfigJson;
import org.clip4j.weights.JsonFields;
import org.clip4j.weights.ModelFileException;

/**
 * Everything about a training but its data: read from JSON, whose every field must be known. Immutable.
 *
 * <p>The names of the fields are those of {@code training/recipes/drawn.json}.
 */
public final class Recipe {
    private static final String STEPS = "steps";
    private static final String SEED = "seed";
    private static final int MAX_BATCH = 1 << 16;

    private final String file;
    private final Map<String, Object> json;
    private final Hyperparameters hyperparameters;

    /**
     * The numbers of a recipe.
     *
     * @param seed of the first weights, of the drawn world, and of the order of a data set
     * @param firstPair of the drawn world's lessons, which the training begins with; 0 unless it goes on from another one
     * @param vocabularyCaptions captions that the vocabulary is learned from
     * @param vocabularyMerges most merges of the vocabulary
     * @param batch pairs that the loss sees at once
     * @param chunk pairs whose activations are held at once
     * @param learningRate warm-up, peak and number of steps
     * @param optimizer moments, decay, clipping
     * @param checkpointEvery steps from one checkpoint to the next
     * @param dtype of the model file's matrices
     */
    public record Hyperparameters(long seed, long firstPair, int vocabularyCaptions, int vocabularyMerges, int batch,
            int chunk,
            LearningRate learningRate, AdamW.Options optimizer, int checkpointEvery, DType dtype) {}

    private Recipe(String file, Map<String, Object> json) throws ModelFileException {
        this.file = file;
        this.json = json;
        JsonFields root = fields();
        root.string("name");
        root.ignore("model");
        try {
            hyperparameters = hyperparameters(root);
        } catch (IllegalArgumentException e) {
            throw new ModelFileException(e.getMessage() + " file=" + file, e);
        }
        root.refuseOthers();
        if (root.has("model")) {
            config(1, 0);
        }
    }

    /**
     * Reads a recipe.
     *
     * @throws ModelFileException when it is not JSON, or a field is missing, unknown or out of range
     * @throws IOException when it cannot be read
     */
    public static Recipe read(Path path) throws IOException {
        return parse(path.toString(), Files.readString(path));
    }

    /** The recipe of the embedded model, {@code training/recipes/drawn.json}. */
    public static Recipe drawn() throws IOException {
        try (InputStream in = Recipe.class.getResourceAsStream("drawn.json")) {
            if (in == null) {
                throw new IOException("recipe is missing from the program's jar: name=drawn.json");
            }
            return parse("drawn.json", new String(in.readAllBytes(), StandardCharsets.UTF_8));
        }
    }

    static Recipe parse(String file, String text) throws ModelFileException {
        JsonFields.parse(file, text);
        try {
            return new Recipe(file, JSON.std.mapFrom(text));
        } catch (ModelFileException e) {
            throw e;
        } catch (IOException e) {
            throw new IllegalStateException("recipe was JSON before: file=" + file, e);
        }
    }

    /**
     * This recipe with other values of some fields.
     *
     * @param changes by the name of the field
     * @throws ModelFileException when a value is out of range
     */
    public Recipe with(Map<String, ?> changes) throws ModelFileException {
        Map<String, Object> changed = new LinkedHashMap<>(json);
        changed.putAll(changes);
        return new Recipe(file, changed);
    }

    private JsonFields fields() throws ModelFileException {
        return JsonFields.parse(file, toJson());
    }

    private static Hyperparameters hyperparameters(JsonFields root) throws ModelFileException {
        JsonFields vocabulary = root.object("vocabulary");
        JsonFields optimizer = root.object("optimizer");
        AdamW.Options clip = AdamW.Options.clip();
        Hyperparameters numbers = new Hyperparameters(root.integer(SEED), firstPair(root),
                positive(vocabulary, "captions", 1 << 30),
                positive(vocabulary, "merges", 1 << 20), positive(root, "batch", MAX_BATCH),
                positive(root, "chunk", MAX_BATCH),
                new LearningRate(root.number("learning_rate", Double.NaN), root.integer("warmup_steps"),
                        positive(root, STEPS, Integer.MAX_VALUE)),
                new AdamW.Options(optimizer.number("beta1", clip.beta1()), optimizer.number("beta2", clip.beta2()),
                        optimizer.number("epsilon", clip.epsilon()),
                        optimizer.number("weight_decay", clip.weightDecay()),
                        optimizer.number("max_norm", clip.maxNorm()),
                        optimizer.number("orthogonal", clip.orthogonal())),
                positive(root, "checkpoint_every", Integer.MAX_VALUE), dtype(root));
        vocabulary.refuseOthers();
        optimizer.refuseOthers();
        return numbers;
    }

    private static int firstPair(JsonFields root) throws ModelFileException {
        int first = root.has("first_pair") ? root.integer("first_pair") : 0;
        if (first < 0) {
            throw root.wrong("first_pair", "0 or more", first);
        }
        return first;
    }

    private static int positive(JsonFields fields, String name, int max) throws ModelFileException {
        int value = fields.integer(name);
        if (value < 1 || value > max) {
            throw fields.wrong(name, "1.." + max, value);
        }
        return value;
    }

    private static DType dtype(JsonFields root) throws ModelFileException {
        String name = root.string("dtype");
        return switch (name) {
            case "f32", "f16", "bf16" -> DType.valueOf(name.toUpperCase(Locale.ROOT));
            default -> throw root.wrong("dtype", "f32, f16 or bf16", name);
        };
    }

    /** What the recipe is called. */
    public String name() {
        return (String) json.get("name");
    }

    /** The numbers. */
    public Hyperparameters hyperparameters() {
        return hyperparameters;
    }

    /**
     * The model that the recipe describes, for a vocabulary.
     *
     * @throws ModelFileException when it describes none
     */
    public ClipConfig config(int vocabSize, int eotToken) throws ModelFileException {
        JsonFields model = fields().object("model");
        ClipConfig config = ConfigJson.read(model, vocabSize, eotToken, file);
        model.refuseOthers();
        return config;
    }

    /** The recipe as it is in force, changes included. */
    public String toJson() {
        try {
            return JSON.std.asString(json);
        } catch (IOException e) {
            throw new IllegalStateException("cannot write what was read as JSON", e);
        }
    }

    /** SHA-256 of {@link #toJson}, lower-case hexadecimal. */
    public String sha256() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            return HexFormat.of().formatHex(digest.digest(toJson().getBytes(StandardCharsets.UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
