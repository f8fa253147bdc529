package org.clip4j.kernels;

/** What a linear layer or a convolution applies to its sums. */
public enum Activation {
    /** Nothing. */
    NONE,
    /** max(x, 0). */
    RELU,
    /** x * sigmoid(1.702 x): the activation of OpenAI's models (openai/CLIP, clip/model.py). */
    QUICK_GELU,
    /** Exact GELU, x * Phi(x), with the error function; no tanh approximation. */
    GELU
}
