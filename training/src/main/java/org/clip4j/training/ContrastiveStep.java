package org.clip4j.training;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/**
 * The gradient of one batch: the loss sees all pairs, activations only a chunk. Embeddings of all chunks are computed
 * first and their activations forgotten, then the loss gives each embedding its gradient, then each chunk runs forward
 * again and backward; all but the last, whose activations are still there. One thread at a time.
 *
 * <p>Source: Gao et al. 2021, Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup (GradCache).
 */
public final class ContrastiveStep implements AutoCloseable {
    private final Parameters parameters;
    private final TrainableClip model;
    private final BackwardOperations backward;
    private final ContrastiveLoss loss;
    private final boolean lockImage;
    private final Arena arena;
    private final Tensor images; // [N,E]
    private final Tensor texts; // [N,E]
    private final ContrastiveLoss.Gradients gradients;

    /**
     * What a step works with; all of it is the caller's and must outlive the step.
     *
     * @param parameters receive the gradient
     * @param model over the same parameters
     * @param backward of the same kind
     * @param loss of the same kind
     */
    public record Parts(Parameters parameters, TrainableClip model, BackwardOperations backward,
            ContrastiveLoss loss) {}

    /**
     * Allocates embeddings.
     *
     * @param arena of the model's backend; closed by {@link #close}, and when there is not enough memory
     * @param maxBatch largest number of pairs
     * @param lockImage true to leave the image tower as it is
     */
    public ContrastiveStep(Parts parts, Arena arena, int maxBatch, boolean lockImage) {
        this.parameters = parts.parameters;
        this.model = parts.model;
        this.backward = parts.backward;
        this.loss = parts.loss;
        this.lockImage = lockImage;
        this.arena = arena;
        int E = parameters.config().embedDim();
        DType dtype = parameters.get("logit_scale").value().dtype();
        try {
            images = arena.allocate(dtype, maxBatch, E);
            texts = arena.allocate(dtype, maxBatch, E);
            gradients = new ContrastiveLoss.Gradients(arena.allocate(dtype, maxBatch, E),
                    arena.allocate(dtype, maxBatch, E));
        } catch (RuntimeException | Error e) {
            arena.close();
            throw e;
        }
    }

    /**
     * Computes the loss of a batch and replaces all gradients of the parameters with its own.
     *
     * @param chunk pairs whose activations are held at a time, at most the model's largest
     */
    public ContrastiveLoss.Result run(PairBatch batch, int chunk) {
        int N = batch.size();
        for (int from = 0; from < N; from += chunk) {
            int to = Math.min(N, from + chunk);
            model.encodeImages(batch, from, to, images.rows(from, to)); // [chunk,E]
            model.encodeTexts(batch, from, to, texts.rows(from, to)); // [chunk,E]
        }
        Parameter logitScale = parameters.get("logit_scale");
        double scale = Math.exp(logitScale.value().get(0));
        ContrastiveLoss.Result result = loss.run(images, texts, N, scale, gradients);
        parameters.clearGradients(backward);
        logitScale.gradient().set(0, result.dScale() * scale);
        // Backwards: the activations of the last chunk are still there.
        int last = (N - 1) / chunk * chunk;
        for (int from = last; from >= 0; from -= chunk) {
            int to = Math.min(N, from + chunk);
            if (!lockImage) {
                if (from < last) {
                    model.encodeImages(batch, from, to, images.rows(from, to));
                }
                model.backwardImages(gradients.dImages().rows(from, to));
            }
            if (from < last) {
                model.encodeTexts(batch, from, to, texts.rows(from, to));
            }
            model.backwardTexts(gradients.dTexts().rows(from, to));
        }
        return result;
    }

    /** Keeps the logit scale at most 100; called after each step of the optimizer. */
    public void clipLogitScale() {
        Tensor value = parameters.get("logit_scale").value();
        value.set(0, Math.min(value.get(0), Math.log(ContrastiveLoss.MAX_SCALE)));
    }

    /** Frees the embeddings. */
    @Override
    public void close() {
        arena.close();
    }
}
