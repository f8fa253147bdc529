package org.clip4j.kernels;

/** Assembles the token sequences of an attention pool. */
@FunctionalInterface
public interface MeanToken {
    /**
     * Prepends the mean of each image's pixels, adds positions.
     *
     * @param pixels [images * pixelCount, C]
     * @param out [images * (1 + pixelCount), C]; must not overlap {@code pixels}
     */
    void run(ExecutionContext context, Tensor pixels, int images, Tensor out);
}
