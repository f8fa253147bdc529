package org.clip4j.model;

import org.clip4j.kernels.Activation;

/**
 * What all blocks of a transformer have in common.
 *
 * @param width D
 * @param layers number of blocks
 * @param heads of the attention
 * @param mlpWidth of the hidden layer of the MLP
 * @param activation of the MLP
 * @param causal true when a token sees only those before it
 */
record TransformerShape(int width, int layers, int heads, int mlpWidth, Activation activation, boolean causal) {}
