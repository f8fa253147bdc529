package org.clip4j.benchmarks.pytorch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.clip4j.kernels.Arena;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.training.AdamW;
import org.clip4j.training.LearningRate;
import org.clip4j.training.PairBatch;
import org.clip4j.training.PairSource;
import org.clip4j.training.Parameters;
import org.clip4j.training.Trainer;
import org.clip4j.training.drawn.DrawnPairs;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.Split;
import org.clip4j.training.recipe.Recipe;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/**
 * What both sides train: a model, its initial weights and a few batches of the drawn world, which come again and again.
 * The same in every process. Not thread-safe.
 */
final class Workload {
    private static final int BATCHES = 4;
    /** Pairs of a step, all in one chunk, whatever the recipe says: enough that the products are not all small. */
    private static final int BATCH = 256;
    /** 2000: behind the first lessons, so that scenes and captions are of every kind. */
    private static final long FIRST_BATCH = 2000;
    /** 5e-4: learning rate of ViT-B/32, Radford et al. 2021, table 20; the recipe's is too high without a warm-up. */
    private static final double PEAK = 5e-4;

    private final Recipe.Hyperparameters numbers;
    private final ClipConfig config;
    private final List<PairBatch> batches = new ArrayList<>();

    private Workload(Recipe recipe) throws IOException {
        numbers = recipe.hyperparameters();
        DrawnWorld world = new DrawnWorld(numbers.seed(), Split.TRAINING);
        BpeMerges merges = world.vocabulary(numbers.vocabularyCaptions(), numbers.vocabularyMerges());
        ClipTokenizer tokenizer = ClipTokenizer.of(merges, DrawnWorld.CONTEXT_LENGTH);
        config = recipe.config(tokenizer.vocabSize(), tokenizer.eot());
        int R = config.preprocess().size();
        try (DrawnPairs pairs = new DrawnPairs(numbers.seed(), tokenizer, R, 1, 0)) {
            for (int i = 0; i < BATCHES; i++) {
                PairBatch batch = new PairBatch(numbers.batch(), R, config.text().contextLength());
                pairs.read((FIRST_BATCH + i) * numbers.batch(), numbers.batch(), batch);
                batches.add(batch);
            }
        }
    }

    /**
     * What the embedded model is trained with.
     *
     * @throws IOException when the recipe cannot be read
     */
    static Workload recipe() throws IOException {
        return new Workload(Recipe.drawn().with(Map.of("batch", BATCH, "chunk", BATCH)));
    }

    /** Of a recipe that was changed, for tests. */
    static Workload of(Recipe recipe) throws IOException {
        return new Workload(recipe);
    }

    /** The model. */
    ClipConfig config() {
        return config;
    }

    /** Pairs of a batch. */
    int batchSize() {
        return numbers.batch();
    }

    /** The batch of a step, counted from 0. */
    PairBatch batch(long step) {
        return batches.get((int) (step % BATCHES));
    }

    /** The model in one line. */
    String describe() {
        VisionConfig.Transformer vision = (VisionConfig.Transformer) config.vision();
        TextConfig text = config.text();
        return String.format(Locale.ROOT,
                "f32, ViT %d px / %d, %d x %d, %d heads; text %d x %d, %d heads, vocabulary %d; embedding %d; %s",
                vision.imageResolution(), vision.patchSize(), vision.layers(), vision.width(), vision.heads(),
                text.layers(), text.width(), text.heads(), text.vocabSize(), config.embedDim(), text.activation());
    }

    /** Initial weights. */
    Parameters parameters(Arena arena) {
        return Parameters.random(arena, config, numbers.seed());
    }

    /** The recipe's, but for a peak that is reached at once: an optimizer that differs is seen after a few steps. */
    Trainer.Options options() {
        return new Trainer.Options(numbers.batch(), numbers.chunk(), new LearningRate(PEAK, 0, 1_000_000),
                adamW(numbers.optimizer()), false, 1, "benchmark");
    }

    /** Copies of the batches' pairs. */
    PairSource source() {
        return this::read;
    }

    private void read(long first, int count, PairBatch into) throws IOException {
        PairBatch batch = batch(first / batchSize());
        if (first % batchSize() != 0 || count != batchSize()) {
            throw new IOException("only whole batches can be read: first=" + first + " count=" + count);
        }
        int bytes = batch.pixels().capacity() / count;
        int[] tokens = new int[config.text().contextLength()];
        for (int pair = 0; pair < count; pair++) {
            int start = batch.offsets()[pair];
            int length = batch.offsets()[pair + 1] - start;
            System.arraycopy(batch.ids(), start, tokens, 0, length);
            into.add(batch.pixels().slice(pair * bytes, bytes), tokens, length);
        }
    }

    /** PyTorch 2.7 has no orthogonalised steps: both sides take AdamW's. */
    private static AdamW.Options adamW(AdamW.Options recipe) {
        return new AdamW.Options(recipe.beta1(), recipe.beta2(), recipe.epsilon(), recipe.weightDecay(),
                recipe.maxNorm(),
                0);
    }
}
