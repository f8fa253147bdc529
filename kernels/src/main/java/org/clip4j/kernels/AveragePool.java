package org.clip4j.kernels;

/** A prepared average pooling over channels-last images. */
@FunctionalInterface
public interface AveragePool {
    /**
     * Averages squares of pixels.
     *
     * @param x [images * height * width, channels]
     * @param out [images * (height / kernel) * (width / kernel), channels]
     */
    void run(ExecutionContext context, Tensor x, int images, Tensor out);
}
