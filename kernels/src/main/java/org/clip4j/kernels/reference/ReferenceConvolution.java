package org.clip4j.kernels.reference;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

final class ReferenceConvolution implements Convolution {
    private final ConvolutionShape shape;
    private final Tensor weight;
    private final Tensor bias;
    private final Activation activation;

    ReferenceConvolution(ConvolutionShape shape, Tensor weight, Tensor bias, Activation activation) {
        Operands.checkConvolution(shape, weight, bias);
        this.shape = shape;
        this.weight = weight;
        this.bias = bias;
        this.activation = activation;
    }

    @Override
    public ConvolutionShape shape() {
        return shape;
    }

    @Override
    public void run(ExecutionContext context, Tensor x, int images, Tensor out) {
        compute(x, images, out, false);
    }

    @Override
    public void runAdd(ExecutionContext context, Tensor x, int images, Tensor out) {
        compute(x, images, out, true);
    }

    private void compute(Tensor x, int images, Tensor out, boolean add) {
        int outPixels = shape.outHeight() * shape.outWidth();
        Operands.requireImages("x", x, images, shape.inElements());
        Operands.requireMatrix("out", out, (long) images * outPixels, shape.outChannels());
        for (int row = 0; row < images * outPixels; row++) {
            int image = row / outPixels;
            int outY = row % outPixels / shape.outWidth();
            int outX = row % shape.outWidth();
            for (int n = 0; n < shape.outChannels(); n++) {
                double sum = (bias == null ? 0 : bias.get(n)) + sum(x, image, outY, outX, n);
                out.set(row, n, ReferenceActivation.apply(activation, add ? out.get(row, n) + sum : sum));
            }
        }
    }

    private double sum(Tensor x, int image, int outY, int outX, int n) {
        int kernel = shape.kernel();
        double sum = 0;
        for (int channel = 0; channel < shape.inChannels(); channel++) {
            for (int ky = 0; ky < kernel; ky++) {
                for (int kx = 0; kx < kernel; kx++) {
                    int y = outY * shape.stride() + ky - shape.padding();
                    int column = outX * shape.stride() + kx - shape.padding();
                    if (y >= 0 && y < shape.height() && column >= 0 && column < shape.width()) {
                        int at = ((n * shape.inChannels() + channel) * kernel + ky) * kernel + kx;
                        sum += weight.get(at) * x.get(index(image, channel, y, column));
                    }
                }
            }
        }
        return sum;
    }

    private int index(int image, int channel, int y, int column) {
        return switch (shape.layout()) {
            case CHANNELS_FIRST ->
                ((image * shape.inChannels() + channel) * shape.height() + y) * shape.width() + column;
            case CHANNELS_LAST ->
                ((image * shape.height() + y) * shape.width() + column) * shape.inChannels() + channel;
        };
    }
}
