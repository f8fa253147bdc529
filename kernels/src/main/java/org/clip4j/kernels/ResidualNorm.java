package org.clip4j.kernels;

/** A linear layer at the end of a residual branch, and the layer norm of what comes next. */
@FunctionalInterface
public interface ResidualNorm {
    /**
     * x = x + linear(in); normed = layerNorm(x).
     *
     * @param in at least {@code rows} rows of the linear layer's input
     * @param x the residual stream, at least {@code rows} rows
     * @param normed likewise; must overlap neither
     */
    void run(ExecutionContext context, Tensor in, int rows, Tensor x, Tensor normed);
}
