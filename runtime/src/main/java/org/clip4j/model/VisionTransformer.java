package org.clip4j.model;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.ImageTokens;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.VisionConfig;

/**
 * Image encoder of the ViT models.
 *
 * <p>Source: openai/CLIP clip/model.py, VisionTransformer.
 */
final class VisionTransformer implements ImageTower {
    private final VisionConfig.Transformer config;
    private final int embedDim;
    private final TransformerShape shape;
    private final DType activationType;
    private final Convolution conv1;
    private final ImageTokens tokens;
    private final LayerNorm lnPre;
    private final Transformer transformer;
    private final Linear proj;

    VisionTransformer(Weights weights, VisionConfig.Transformer config, int embedDim) {
        this.config = config;
        this.embedDim = embedDim;
        activationType = weights.activationType();
        shape = new TransformerShape(config.width(), config.layers(), config.heads(), config.mlpWidth(),
                config.activation(), false);
        ConvolutionShape patches = new ConvolutionShape(ConvolutionShape.Layout.CHANNELS_FIRST,
                config.imageResolution(), config.imageResolution(), 3, config.width(), config.patchSize(),
                config.patchSize(), 0);
        conv1 = weights.convolution("visual.conv1", patches);
        tokens = weights.backend().imageTokens(weights.arena(), weights.tensor("visual.class_embedding"),
                weights.tensor("visual.positional_embedding"));
        lnPre = weights.layerNorm("visual.ln_pre");
        transformer = new Transformer(weights, "visual.transformer.resblocks", shape, "visual.ln_post");
        proj = weights.projection("visual.proj");
    }

    @Override
    public boolean spreadsNonFinite() {
        // Layer norm makes a row of NaN of it, and attention all rows of the image.
        return true;
    }

    @Override
    public ImageTower.Pass newPass(ExecutionContext context, Arena arena, int maxImages) {
        return new Pass(context, arena, maxImages);
    }

    private final class Pass implements ImageTower.Pass {
        private final ExecutionContext context;
        private final int sequenceLength; // T = 1 + G*G
        private final Tensor input; // [B,3,R,R]
        private final Tensor patches; // [B*G*G,D]
        private final TransformerWorkspace w;
        private final Tensor output; // [B,E]
        private final int[] offsets;

        Pass(ExecutionContext context, Arena arena, int maxImages) {
            this.context = context;
            int resolution = config.imageResolution();
            int patchCount = config.grid() * config.grid();
            sequenceLength = 1 + patchCount;
            input = arena.allocate(DType.F32, maxImages, 3, resolution, resolution);
            patches = arena.allocate(activationType, maxImages * patchCount, config.width());
            w = new TransformerWorkspace(arena, activationType, shape, maxImages, maxImages * sequenceLength);
            output = arena.allocate(DType.F32, maxImages, embedDim);
            offsets = new int[maxImages + 1];
            for (int i = 0; i <= maxImages; i++) {
                offsets[i] = i * sequenceLength;
            }
        }

        @Override
        public Tensor input() {
            return input;
        }

        @Override
        public void run(int images) {
            int rows = images * sequenceLength;
            conv1.run(context, input, images, patches); // [B*G*G,D]
            tokens.run(context, patches, images, w.x()); // [B*T,D]
            lnPre.run(context, w.x(), rows, w.x()); // [B*T,D]
            w.sequences(offsets, images);
            // The class token is the first of each sequence.
            Tensor pooled = transformer.run(context, w, rows, offsets, images); // [B,D], lnPost included
            proj.run(context, pooled, images, output); // [B,E]
        }

        @Override
        public Tensor output() {
            return output;
        }
    }
}
