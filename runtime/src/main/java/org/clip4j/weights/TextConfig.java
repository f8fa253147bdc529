package org.clip4j.weights;

import org.clip4j.kernels.Activation;

/**
 * Hyper-parameters of the text tower, a causal transformer.
 *
 * @param contextLength longest text in tokens, start and end token included
 * @param vocabSize rows of the token embedding
 * @param width D
 * @param layers number of residual attention blocks
 * @param heads attention heads; D is a multiple of it
 * @param mlpWidth width of the hidden layer of a block's MLP, 4 D in all published models
 * @param activation of the MLPs
 * @param eotToken the id whose first occurrence is pooled; -1: the first occurrence of the text's largest id
 *     (openai/CLIP: {@code text.argmax(dim=-1)})
 */
public record TextConfig(int contextLength, int vocabSize, int width, int layers, int heads, int mlpWidth,
        Activation activation, int eotToken) {
    /** Value of {@link #eotToken} that means: pool at the first occurrence of the largest id. */
    public static final int LARGEST_ID = -1;

    /** Checks that the sizes are possible. */
    public TextConfig {
        Sizes.require("text.context_length", contextLength, 1 << 16);
        Sizes.require("text.vocab_size", vocabSize, 1 << 24);
        Sizes.requireTransformer("text", width, layers, heads, mlpWidth);
        if (eotToken < LARGEST_ID || eotToken >= vocabSize) {
            throw new IllegalArgumentException(
                    "text.eot_token is not an id: eotToken=" + eotToken + " vocabSize=" + vocabSize);
        }
    }

    /**
     * Position of the token whose state becomes a text's embedding.
     *
     * @param ids the text is {@code ids[from]} to {@code ids[to - 1]}, one token at least
     * @return {@code from} for a text without the end token
     */
    public int pooledToken(int[] ids, int from, int to) {
        int pooled = from;
        for (int i = from; i < to; i++) {
            if (eotToken == LARGEST_ID) {
                pooled = ids[i] > ids[pooled] ? i : pooled;
            } else if (ids[i] == eotToken) {
                return i;
            }
        }
        return pooled;
    }
}
