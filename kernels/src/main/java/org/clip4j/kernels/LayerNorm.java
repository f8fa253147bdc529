package org.clip4j.kernels;

/** A prepared layer norm. */
@FunctionalInterface
public interface LayerNorm {
    /** Normalises each row; {@code out} may be {@code x} itself. */
    void run(ExecutionContext context, Tensor x, int rows, Tensor out);
}
