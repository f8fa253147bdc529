package org.clip4j.training;

import java.nio.ByteBuffer;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.ImageTokens;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;
import org.clip4j.weights.PreprocessSpec;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/**
 * Both towers of a CLIP model over a chunk of pairs, forward and backward. The forward pass has the operations of the
 * inference towers; the backward pass follows it while the activations of the same chunk are still there. Activations
 * are allocated once. One thread at a time.
 *
 * <p>Source: openai/CLIP clip/model.py, CLIP and VisionTransformer.
 */
public final class TrainableClip implements AutoCloseable {
    private final Parameters parameters;
    private final Backend backend;
    private final BackwardOperations backward;
    private final Arena arena;
    private final ExecutionContext context;
    private final ConvolutionShape patchShape;
    private final Tower imageTower;
    private final Tower textTower;
    private final Tensor pixels; // [B,3,R,R]
    private final Tensor patches; // [B*G*G,D]
    private final Tensor tokens; // [B*T,D], before lnPre
    private final Tensor dTokens; // [B*T,D]
    private final int[] usedIds;
    private final int[] places; // of the used ids in their texts
    private final int maxChunk;
    private Arena prepared;
    private Convolution conv1;
    private ImageTokens imageTokens;
    private LayerNorm lnPre;
    private TokenEmbedding tokenEmbedding;

    /**
     * Allocates activations and prepares the weights.
     *
     * @param parameters of a model with a vision transformer, in memory of the backend; must outlive this
     * @param backend of the forward passes; must outlive this
     * @param backward for the same kind of tensors; must outlive this
     * @param maxChunk largest number of pairs of a chunk
     */
    public TrainableClip(Parameters parameters, Backend backend, BackwardOperations backward, int maxChunk) {
        this.parameters = parameters;
        this.backend = backend;
        this.backward = backward;
        this.maxChunk = maxChunk;
        VisionConfig.Transformer vision = (VisionConfig.Transformer) parameters.config().vision();
        int R = vision.imageResolution();
        int grid = vision.grid() * vision.grid();
        int rows = Math.multiplyExact(maxChunk, 1 + grid);
        int textRows = Math.multiplyExact(maxChunk, parameters.config().text().contextLength());
        DType dtype = parameters.get("logit_scale").value().dtype();
        patchShape = new ConvolutionShape(ConvolutionShape.Layout.CHANNELS_FIRST, R, R, 3, vision.width(),
                vision.patchSize(), vision.patchSize(), 0);
        arena = backend.newArena();
        context = backend.newContext();
        try {
            imageTower = imageTower(vision, rows);
            textTower = textTower(parameters.config().text(), textRows);
            pixels = arena.allocate(dtype, maxChunk, 3, R, R);
            patches = arena.allocate(dtype, maxChunk * grid, vision.width());
            tokens = arena.allocate(dtype, rows, vision.width());
            dTokens = arena.allocate(dtype, rows, vision.width());
            usedIds = new int[textRows];
            places = new int[textRows];
            prepare();
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private Tower imageTower(VisionConfig.Transformer config, int rows) {
        TowerShape shape = new TowerShape(config.width(), config.layers(), config.heads(), config.mlpWidth(),
                config.activation(), false, parameters.config().embedDim(), maxChunk, rows);
        return new Tower(parameters,
                new Tower.Names("visual.transformer.resblocks", "visual.ln_post", "visual.proj"), shape,
                new Tower.Resources(backend, context, backward, arena));
    }

    private Tower textTower(TextConfig config, int rows) {
        TowerShape shape = new TowerShape(config.width(), config.layers(), config.heads(), config.mlpWidth(),
                config.activation(), true, parameters.config().embedDim(), maxChunk, rows);
        return new Tower(parameters, new Tower.Names("transformer.resblocks", "ln_final", "text_projection"), shape,
                new Tower.Resources(backend, context, backward, arena));
    }

    /** Makes the weights as they are now those of the next forward pass; called after each step of the optimizer. */
    public void prepare() {
        // What the last weights were packed into is used no more.
        if (prepared != null) {
            prepared.close();
        }
        prepared = backend.newArena();
        conv1 = backend.convolution(prepared, patchShape, parameters.tensor("visual.conv1.weight"), null,
                Activation.NONE);
        imageTokens = backend.imageTokens(prepared, parameters.tensor("visual.class_embedding"),
                parameters.tensor("visual.positional_embedding"));
        lnPre = backend.layerNorm(prepared, parameters.tensor("visual.ln_pre.weight"),
                parameters.tensor("visual.ln_pre.bias"), BackwardOperations.EPSILON);
        tokenEmbedding = backend.tokenEmbedding(prepared, parameters.tensor("token_embedding.weight"),
                parameters.tensor("positional_embedding"));
        imageTower.prepare(prepared);
        textTower.prepare(prepared);
    }

    /** Largest number of pairs of a chunk. */
    public int maxChunk() {
        return maxChunk;
    }

    /**
     * Encodes pictures of a batch.
     *
     * @param from first pair, inclusive
     * @param to last pair, exclusive
     * @param embeddings [to - from, E], receives embeddings of norm 1
     */
    public void encodeImages(PairBatch batch, int from, int to, Tensor embeddings) {
        int images = to - from;
        load(batch, from, images);
        Tower tower = imageTower;
        int T = 1 + patchShape.outHeight() * patchShape.outWidth();
        tower.sequences().clear();
        for (int image = 0; image < images; image++) {
            tower.sequences().add(T, 0); // the class token is the first
        }
        conv1.run(context, pixels, images, patches); // [B*G*G,D]
        imageTokens.run(context, patches, images, tokens); // [B*T,D]
        lnPre.run(context, tokens, images * T, tower.x()); // [B*T,D]
        tower.forward(embeddings); // [B,E]
    }

    /** u8 [B,R,R,3] to the input of the image tower: (x / 255 - mean) / std, channels first. */
    private void load(PairBatch batch, int from, int images) {
        PreprocessSpec spec = parameters.config().preprocess();
        int plane = patchShape.height() * patchShape.width();
        if (batch.resolution() != patchShape.width()) {
            throw new IllegalArgumentException("pictures have another size than the model's: expected="
                    + patchShape.width() + " actual=" + batch.resolution());
        }
        ByteBuffer bytes = batch.pixels();
        double[] values = new double[256];
        for (int channel = 0; channel < 3; channel++) {
            for (int i = 0; i < values.length; i++) {
                values[i] = (i / 255.0 - spec.mean().get(channel)) / spec.std().get(channel);
            }
            for (int image = 0; image < images; image++) {
                int in = (from + image) * 3 * plane + channel;
                int out = (image * 3 + channel) * plane;
                for (int i = 0; i < plane; i++) {
                    pixels.set(out + i, values[bytes.get(in + 3 * i) & 0xFF]);
                }
            }
        }
    }

    /**
     * Adds to the gradients of the image tower, after {@link #encodeImages} of the same pairs.
     *
     * @param dEmbeddings [images, E], with respect to the embeddings of norm 1
     */
    public void backwardImages(Tensor dEmbeddings) {
        Sequences sequences = imageTower.sequences();
        int images = sequences.count();
        Tensor dx = imageTower.backward(dEmbeddings); // [B*T,D]
        backward.zero(dTokens, sequences.rows());
        backward.layerNorm(tokens, parameters.get("visual.ln_pre.weight"), parameters.get("visual.ln_pre.bias"), dx,
                sequences.rows(), dTokens); // [B*T,D]
        // The patches of the forward pass are needed no more; their place takes their gradient.
        backward.imageTokens(dTokens, images, parameters.get("visual.class_embedding"),
                parameters.get("visual.positional_embedding"), patches); // [B*G*G,D]
        backward.patchEmbedding(patchShape, pixels, images, patches, parameters.get("visual.conv1.weight"));
    }

    /**
     * Encodes captions of a batch. What lies behind the pooled token of a text is not computed.
     *
     * @param from first pair, inclusive
     * @param to last pair, exclusive
     * @param embeddings [to - from, E], receives embeddings of norm 1
     */
    public void encodeTexts(PairBatch batch, int from, int to, Tensor embeddings) {
        TextConfig config = parameters.config().text();
        Sequences sequences = textTower.sequences();
        sequences.clear();
        for (int text = from; text < to; text++) {
            int start = batch.offsets()[text];
            int pooled = config.pooledToken(batch.ids(), start, batch.offsets()[text + 1]) - start;
            int row = sequences.rows();
            System.arraycopy(batch.ids(), start, usedIds, row, pooled + 1);
            for (int place = 0; place <= pooled; place++) {
                places[row + place] = place;
            }
            sequences.add(pooled + 1, pooled);
        }
        tokenEmbedding.run(context, usedIds, places, sequences.rows(), textTower.x()); // [rows,D]
        textTower.forward(embeddings); // [B,E]
    }

    /**
     * Adds to the gradients of the text tower, after {@link #encodeTexts} of the same pairs.
     *
     * @param dEmbeddings [texts, E], with respect to the embeddings of norm 1
     */
    public void backwardTexts(Tensor dEmbeddings) {
        Sequences sequences = textTower.sequences();
        Tensor dx = textTower.backward(dEmbeddings); // [rows,D]
        backward.tokenEmbedding(usedIds, sequences.offsets(), sequences.count(), dx,
                parameters.get("token_embedding.weight"), parameters.get("positional_embedding"));
    }

    /** Of the last chunk of pictures before normalisation, [B,E]. */
    Tensor projectedImages() {
        return imageTower.projected();
    }

    /** Of the last chunk of captions before normalisation, [B,E]. */
    Tensor projectedTexts() {
        return textTower.projected();
    }

    /** Of the last chunk of pictures, the input of the image tower: [B,3,R,R]. */
    Tensor pixels() {
        return pixels;
    }

    /** Frees activations; parameters, backend and backward operations are the caller's. */
    @Override
    public void close() {
        if (prepared != null) {
            prepared.close();
        }
        context.close();
        arena.close();
    }
}
