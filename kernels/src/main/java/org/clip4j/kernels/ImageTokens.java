package org.clip4j.kernels;

/** Assembles the token sequences of a vision transformer. */
@FunctionalInterface
public interface ImageTokens {
    /**
     * Prepends the class token, adds positions.
     *
     * @param patches [images * patchCount, D]
     * @param out [images * (1 + patchCount), D]; must not overlap {@code patches}
     */
    void run(ExecutionContext context, Tensor patches, int images, Tensor out);
}
