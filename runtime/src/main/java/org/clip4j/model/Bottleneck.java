package org.clip4j.model;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.AveragePool;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;

/**
 * A residual block whose convolutions all have stride 1; where it shrinks the image, an average pool follows the second
 * convolution and precedes the one of the shortcut. Batch norms are folded in. Prepared and immutable.
 *
 * <p>Source: openai/CLIP clip/model.py, Bottleneck.
 */
final class Bottleneck {
    /** Outputs per plane of the last convolution. */
    static final int EXPANSION = 4;

    private final Convolution conv1; // 1x1, C -> planes
    private final Convolution conv2; // 3x3, planes -> planes
    private final AveragePool avgPool; // after conv2; null when the image keeps its size
    private final Convolution conv3; // 1x1, planes -> 4 planes
    private final AveragePool downsamplePool; // null when the image keeps its size
    private final Convolution downsample; // 1x1, C -> 4 planes; null when the shortcut is x itself
    private final int side;
    private final int inChannels;
    private final int planes;
    private final int outSide;
    private final int outChannels;

    /**
     * Prepares a block.
     *
     * @param prefix of its tensors' names, such as {@code visual.layer1.0}
     * @param side height and width of the input
     * @param inChannels of the input
     */
    Bottleneck(Weights weights, String prefix, int side, int inChannels, int planes, int stride) {
        this.side = side;
        this.inChannels = inChannels;
        this.planes = planes;
        outSide = side / stride;
        outChannels = planes * EXPANSION;
        conv1 = convolution(weights, prefix, 1, pointwise(side, inChannels, planes), Activation.RELU);
        conv2 = convolution(weights, prefix, 2,
                new ConvolutionShape(Layout.CHANNELS_LAST, side, side, planes, planes, 3, 1, 1), Activation.RELU);
        avgPool = stride == 1 ? null : weights.backend().averagePool(side, side, planes, stride);
        // The ReLU comes after the sum with the shortcut.
        conv3 = convolution(weights, prefix, 3, pointwise(outSide, planes, outChannels), Activation.RELU);
        boolean shortcutIsInput = stride == 1 && inChannels == outChannels;
        downsamplePool = stride == 1 ? null : weights.backend().averagePool(side, side, inChannels, stride);
        downsample = shortcutIsInput
                ? null
                : weights.convolutionWithBatchNorm(prefix + ".downsample.0", prefix + ".downsample.1",
                        pointwise(outSide, inChannels, outChannels), Activation.NONE);
    }

    private static Convolution convolution(Weights weights, String prefix, int number, ConvolutionShape shape,
            Activation activation) {
        return weights.convolutionWithBatchNorm(prefix + ".conv" + number, prefix + ".bn" + number, shape, activation);
    }

    private static ConvolutionShape pointwise(int side, int inChannels, int outChannels) {
        return new ConvolutionShape(Layout.CHANNELS_LAST, side, side, inChannels, outChannels, 1, 1, 0);
    }

    int outSide() {
        return outSide;
    }

    int outChannels() {
        return outChannels;
    }

    /** Floats of the largest map that the block reads or writes, per image. */
    int largestMap() {
        return Math.max(side * side * Math.max(inChannels, planes), outSide * outSide * outChannels);
    }

    /**
     * Binds the block to a session's memory; blocks are bound in the order in which they run.
     *
     * @param x the block's input [B*H*W, C]; overwritten when the shortcut is the input itself
     */
    Pass bind(FeatureMaps maps, Tensor x, int maxImages) {
        return new Pass(maps, x, maxImages);
    }

    /** The block on one session's feature maps. */
    final class Pass {
        private final Tensor x; // [B*H*W,C]
        private final Tensor first; // [B*H*W,planes]
        private final Tensor second; // [B*H*W,planes]
        private final Tensor pooled; // [B*H/s*W/s,planes]
        private final Tensor shortcut; // [B*H/s*W/s,C]
        private final Tensor out; // [B*H/s*W/s,4 planes]

        private Pass(FeatureMaps maps, Tensor x, int maxImages) {
            int pixels = maxImages * side * side;
            int outPixels = maxImages * outSide * outSide;
            this.x = x;
            first = maps.first().prefix(pixels, planes);
            second = maps.second().prefix(pixels, planes);
            pooled = avgPool == null ? second : maps.first().prefix(outPixels, planes);
            shortcut = downsamplePool == null ? x : maps.third().prefix(outPixels, inChannels);
            out = downsample == null ? x : maps.nextOutput().prefix(outPixels, outChannels);
        }

        void run(ExecutionContext context, int images) {
            conv1.run(context, x, images, first); // [B*H*W,planes]
            conv2.run(context, first, images, second); // [B*H*W,planes]
            if (avgPool != null) {
                avgPool.run(context, second, images, pooled); // [B*H/s*W/s,planes]
            }
            if (downsamplePool != null) {
                downsamplePool.run(context, x, images, shortcut); // [B*H/s*W/s,C]
            }
            if (downsample != null) {
                downsample.run(context, shortcut, images, out); // [B*H/s*W/s,4 planes]
            }
            conv3.runAdd(context, pooled, images, out); // [B*H/s*W/s,4 planes]
        }

        /** [B*H/s*W/s, 4 planes]. */
        Tensor out() {
            return out;
        }
    }
}
