package org.clip4j.training;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.Tensor;

/**
 * One backward pass for each operation of CLIP's transformers. Tensors are matrices of rows as in
 * {@link org.clip4j.kernels.Backend}; {@code dX} is the gradient of the loss with respect to X.
 *
 * <p>Gradients of parameters are added to. Gradients of activations are overwritten, except by {@link #layerNorm} and
 * {@link #scatterAdd}, which add to what the residual connection brought. Outputs must not overlap inputs unless said.
 * All memory is the caller's. One thread at a time.
 */
public interface BackwardOperations extends AutoCloseable {
    /** Added to the variance in layer norms: nn.LayerNorm in PyTorch, never changed by openai/CLIP. */
    float EPSILON = 1e-5f;

    /** Sets the first rows of a tensor to zero. */
    void zero(Tensor x, int rows);

    /** Forward: out = activation(sums), the same values as of a linear layer that ends with it; may be in place. */
    void activate(Activation activation, Tensor sums, int rows, Tensor out);

    /**
     * Of out = x * weight' + bias.
     *
     * @param x [rows, K]
     * @param weight [N, K]
     * @param bias [N], or null
     * @param dOut [rows, N]
     * @param dx [rows, K], or null when nothing before this layer learns
     */
    void linear(Tensor x, Parameter weight, Parameter bias, Tensor dOut, int rows, Tensor dx);

    /**
     * Of out = x * projection.
     *
     * @param x [rows, D]
     * @param projection [D, E]
     * @param dOut [rows, E]
     * @param dx [rows, D]
     */
    void projection(Tensor x, Parameter projection, Tensor dOut, int rows, Tensor dx);

    /**
     * Of out = activation(sums).
     *
     * @param sums [rows, N], what the activation was given
     * @param dSums [rows, N]; may be {@code dOut}
     * @throws IllegalArgumentException for an activation that no transformer of CLIP has
     */
    void activation(Activation activation, Tensor sums, Tensor dOut, int rows, Tensor dSums);

    /**
     * Of out = layerNorm(x) with {@link #EPSILON}.
     *
     * @param x [rows, D], what the layer norm was given
     * @param dx [rows, D], added to
     */
    void layerNorm(Tensor x, Parameter gain, Parameter bias, Tensor dOut, int rows, Tensor dx);

    /**
     * Of out = attention(input); scores are computed again, so that memory does not grow with the square of a segment.
     *
     * @param input queries, keys and values, and the segments that they fall into; no segments have keys in common
     * @param dOut [queries, heads * headWidth]
     * @param gradient of queries, keys and values; its segments are not looked at
     */
    void attention(int heads, boolean causal, AttentionInput input, Tensor dOut, AttentionInput gradient);

    /**
     * Of out[i] = table[ids[i]] + positions[i - start of its text].
     *
     * @param dOut [offsets[texts], D]
     */
    void tokenEmbedding(int[] ids, int[] offsets, int texts, Tensor dOut, Parameter table, Parameter positions);

    /**
     * Of the tokens of images: class token first, then positions added to all.
     *
     * @param dOut [images * T, D]
     * @param dPatches [images * (T - 1), D]
     */
    void imageTokens(Tensor dOut, int images, Parameter classEmbedding, Parameter positions, Tensor dPatches);

    /**
     * Of the convolution that turns patches into tokens; of its weight only, as pixels do not learn.
     *
     * @param x the images
     * @param dPatches [images * outHeight * outWidth, outChannels]
     * @param weight [outChannels, inChannels, kernel, kernel]
     */
    void patchEmbedding(ConvolutionShape shape, Tensor x, int images, Tensor dPatches, Parameter weight);

    /** Of out[i] = x[rows[i]]: dx[rows[i]] += dOut[i] for i below {@code count}. */
    void scatterAdd(Tensor dOut, int[] rows, int count, Tensor dx);

    /**
     * Of out = x / |x|, by rows; a row of zeros has no direction, and gets a gradient of zero.
     *
     * @param dx [rows, E]; may be {@code dOut}
     */
    void l2Normalize(Tensor x, Tensor dOut, int rows, Tensor dx);

    @Override
    void close();
}
