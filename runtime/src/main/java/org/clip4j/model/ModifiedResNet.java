package org.clip4j.model;

import java.util.ArrayList;
import java.util.List;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.AveragePool;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.ConvolutionShape.Layout;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.VisionConfig;

/**
 * Image encoder of the RN models: a stem of three convolutions, anti-aliasing average pools in place of strides, and an
 * attention pool at the end. Feature maps are channels-last.
 *
 * <p>Source: openai/CLIP clip/model.py, ModifiedResNet.
 */
final class ModifiedResNet implements ImageTower {
    private final VisionConfig.ModifiedResNet config;
    private final Convolution conv1; // 3x3 stride 2, 3 -> width/2
    private final Convolution conv2; // 3x3, width/2 -> width/2
    private final Convolution conv3; // 3x3, width/2 -> width
    private final AveragePool avgPool;
    private final List<Bottleneck> blocks = new ArrayList<>(); // layer1 .. layer4
    private final AttentionPool attnPool;
    private final DType activationType;
    private int largestMap; // floats of the largest feature map of one image

    ModifiedResNet(Weights weights, VisionConfig.ModifiedResNet config, int embedDim) {
        this.config = config;
        activationType = weights.activationType();
        int resolution = config.imageResolution();
        int width = config.width();
        int side = resolution / 2;
        conv1 = weights.convolutionWithBatchNorm("visual.conv1", "visual.bn1",
                new ConvolutionShape(Layout.CHANNELS_FIRST, resolution, resolution, 3, width / 2, 3, 2, 1),
                Activation.RELU);
        conv2 = weights.convolutionWithBatchNorm("visual.conv2", "visual.bn2", stem(side, width / 2, width / 2),
                Activation.RELU);
        conv3 = weights.convolutionWithBatchNorm("visual.conv3", "visual.bn3", stem(side, width / 2, width),
                Activation.RELU);
        avgPool = weights.backend().averagePool(side, side, width, 2);
        largestMap = side * side * width;
        addBlocks(weights, side / 2);
        attnPool = new AttentionPool(weights, config, embedDim);
    }

    private static ConvolutionShape stem(int side, int inChannels, int outChannels) {
        return new ConvolutionShape(Layout.CHANNELS_LAST, side, side, inChannels, outChannels, 3, 1, 1);
    }

    private void addBlocks(Weights weights, int firstSide) {
        int side = firstSide;
        int channels = config.width();
        for (int stage = 0; stage < config.layers().size(); stage++) {
            int planes = config.width() << stage;
            for (int i = 0; i < config.layers().get(stage); i++) {
                int stride = stage > 0 && i == 0 ? 2 : 1;
                String prefix = "visual.layer" + (stage + 1) + "." + i;
                Bottleneck block = new Bottleneck(weights, prefix, side, channels, planes, stride);
                largestMap = Math.max(largestMap, block.largestMap());
                side = block.outSide();
                channels = block.outChannels();
                blocks.add(block);
            }
        }
    }

    @Override
    public boolean spreadsNonFinite() {
        // A backend's ReLU may make zero of NaN.
        return false;
    }

    @Override
    public ImageTower.Pass newPass(ExecutionContext context, Arena arena, int maxImages) {
        return new Pass(context, arena, maxImages);
    }

    private final class Pass implements ImageTower.Pass {
        private final ExecutionContext context;
        private final Tensor input; // [B,3,R,R]
        private final Tensor stem1; // [B*R/2*R/2,width/2]
        private final Tensor stem2; // [B*R/2*R/2,width/2]
        private final Tensor stem3; // [B*R/2*R/2,width]
        private final Tensor stemOut; // [B*R/4*R/4,width]
        private final Bottleneck.Pass[] layers;
        private final AttentionPool.Workspace pool;

        Pass(ExecutionContext context, Arena arena, int maxImages) {
            this.context = context;
            int resolution = config.imageResolution();
            int width = config.width();
            int halfPixels = maxImages * (resolution / 2) * (resolution / 2);
            int quarterPixels = maxImages * (resolution / 4) * (resolution / 4);
            FeatureMaps maps = new FeatureMaps(arena, activationType, maxImages, largestMap);
            input = arena.allocate(DType.F32, maxImages, 3, resolution, resolution);
            stem1 = maps.first().prefix(halfPixels, width / 2);
            stem2 = maps.second().prefix(halfPixels, width / 2);
            stem3 = maps.first().prefix(halfPixels, width);
            stemOut = maps.input().prefix(quarterPixels, width);
            layers = new Bottleneck.Pass[blocks.size()];
            Tensor x = stemOut;
            for (int i = 0; i < layers.length; i++) {
                layers[i] = blocks.get(i).bind(maps, x, maxImages);
                x = layers[i].out();
            }
            pool = attnPool.newWorkspace(arena, maxImages);
        }

        @Override
        public Tensor input() {
            return input;
        }

        @Override
        public void run(int images) {
            conv1.run(context, input, images, stem1); // [B*R/2*R/2,width/2]
            conv2.run(context, stem1, images, stem2); // [B*R/2*R/2,width/2]
            conv3.run(context, stem2, images, stem3); // [B*R/2*R/2,width]
            avgPool.run(context, stem3, images, stemOut); // [B*R/4*R/4,width]
            for (int i = 0; i < layers.length; i++) {
                layers[i].run(context, images); // [B*H*W,C]
            }
            pool.run(context, layers[layers.length - 1].out(), images); // [B,E]
        }

        @Override
        public Tensor output() {
            return pool.output();
        }
    }
}
