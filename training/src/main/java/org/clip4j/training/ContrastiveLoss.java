package org.clip4j.training;

import org.clip4j.kernels.Tensor;

/**
 * The symmetric cross-entropy over all N x N similarities of a batch, with the diagonal as the right answers: the mean
 * of the cross-entropies by rows (which text belongs to an image) and by columns (which image belongs to a text).
 *
 * <p>Source: Radford et al. 2021, figure 3. Used by one thread at a time.
 */
public interface ContrastiveLoss extends AutoCloseable {
    /** 100: the logit scale is clipped so that logits are not scaled by more (Radford et al. 2021, section 2.5). */
    double MAX_SCALE = 100;

    /**
     * Computes the loss and its gradient.
     *
     * @param images at least N rows of E columns, of norm 1; contiguous
     * @param texts likewise, row i belonging to row i of the images
     * @param scale of the similarities, at most {@link #MAX_SCALE}
     * @param into receives the gradients; must not overlap the embeddings
     * @throws IllegalArgumentException when shapes differ, there are no rows, or the scale is not in (0, 100]
     */
    Result run(Tensor images, Tensor texts, int count, double scale, Gradients into);

    /**
     * Where gradients go; the caller's memory.
     *
     * @param dImages [N, E], overwritten
     * @param dTexts [N, E], overwritten
     */
    record Gradients(Tensor dImages, Tensor dTexts) {}

    /**
     * What came out.
     *
     * @param loss in nats
     * @param dScale gradient with respect to the scale; with respect to its logarithm it is {@code scale} times as large
     * @param rightTexts images whose own text was the most similar; a tie counts as right
     * @param rightImages texts whose own image was the most similar
     */
    record Result(double loss, double dScale, int rightTexts, int rightImages) {}

    /** Checks the operands of {@link #run}. */
    static void check(Tensor images, Tensor texts, int count, double scale, Gradients into) {
        int columns = images.columns();
        for (Tensor tensor : new Tensor[]{images, texts, into.dImages(), into.dTexts()}) {
            if (tensor.columns() != columns || tensor.rows() < count || !tensor.isContiguous() || count < 1) {
                throw new IllegalArgumentException("embeddings do not fit: count=" + count + " images=" + images
                        + " texts=" + texts + " dImages=" + into.dImages() + " dTexts=" + into.dTexts());
            }
        }
        // The clip is applied to a logarithm in f32, which rounds.
        if (!(scale > 0 && scale <= MAX_SCALE * (1 + 1e-6))) {
            throw new IllegalArgumentException("scale is outside (0, 100]: scale=" + scale);
        }
    }

    @Override
    void close();
}
