package org.clip4j.training;

import org.clip4j.kernels.Activation;

/**
 * Sizes of a transformer and of the largest chunk that it is run with.
 *
 * @param width D
 * @param layers number of residual attention blocks
 * @param heads of the attention
 * @param mlpWidth of the hidden layer of the MLP
 * @param activation of the MLP
 * @param causal true when a token sees only those before it
 * @param embedDim E
 * @param maxSequences largest number of images or texts of a chunk
 * @param maxRows largest number of tokens of a chunk
 */
record TowerShape(int width, int layers, int heads, int mlpWidth, Activation activation, boolean causal, int embedDim,
        int maxSequences, int maxRows) {}
