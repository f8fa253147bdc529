package org.clip4j.kernels;

/** Scales rows to unit length. */
@FunctionalInterface
public interface L2Normalize {
    /** Divides each row by its L2 norm; {@code out} may be {@code x} itself. */
    void run(ExecutionContext context, Tensor x, int rows, Tensor out);
}
