package org.clip4j.kernels;

/** A prepared convolution; the output is channels-last, [images * outHeight * outWidth, outChannels]. */
public interface Convolution {
    /** The geometry it was prepared for. */
    ConvolutionShape shape();

    /**
     * out = activation(convolution(x) + bias).
     *
     * @param x the images in the layout that the shape names; contiguous, of any shape of enough elements
     */
    void run(ExecutionContext context, Tensor x, int images, Tensor out);

    /** out = activation(out + convolution(x) + bias): the residual connection. */
    void runAdd(ExecutionContext context, Tensor x, int images, Tensor out);

    /** Its weights as they are laid out here, to be kept between runs; null when there is nothing to be kept. */
    default PackedWeights packed() {
        return null;
    }
}
