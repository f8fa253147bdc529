package org.clip4j.model;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.MeanToken;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.VisionConfig;

/**
 * Pools the last feature map with attention whose only query is the mean of all pixels.
 *
 * <p>Source: openai/CLIP clip/model.py, AttentionPool2d.
 */
final class AttentionPool {
    private final int channels; // C
    private final int embedDim;
    private final DType activationType;
    private final int pixelCount; // (R/32)^2
    private final MeanToken meanToken;
    private final Linear qProj; // C -> C
    private final Linear kProj; // C -> C
    private final Linear vProj; // C -> C
    private final Linear cProj; // C -> E
    private final Attention attention;
    private final RowGather gather;

    AttentionPool(Weights weights, VisionConfig.ModifiedResNet config, int embedDim) {
        this.embedDim = embedDim;
        activationType = weights.activationType();
        // 32: every stage but the first doubles the channels, and the last convolution of a block has 4 times as many.
        channels = config.width() * 32;
        pixelCount = (config.imageResolution() / 32) * (config.imageResolution() / 32);
        String prefix = "visual.attnpool";
        meanToken = weights.backend().meanToken(weights.arena(), weights.tensor(prefix + ".positional_embedding"));
        qProj = weights.linear(prefix + ".q_proj", Activation.NONE);
        kProj = weights.linear(prefix + ".k_proj", Activation.NONE);
        vProj = weights.linear(prefix + ".v_proj", Activation.NONE);
        cProj = weights.linear(prefix + ".c_proj", Activation.NONE);
        attention = weights.backend().attention(config.heads(), channels / config.heads(), false);
        gather = weights.backend().rowGather(channels);
    }

    Workspace newWorkspace(Arena arena, int maxImages) {
        return new Workspace(arena, maxImages);
    }

    /** The pool's activations in one session. */
    final class Workspace {
        private final Tensor tokens; // [B*T,C], T = 1 + pixels
        private final Tensor meanTokens; // [B,C]
        private final Tensor queries; // [B,C]
        private final Tensor keys; // [B*T,C]
        private final Tensor values; // [B*T,C]
        private final Tensor attended; // [B,C]
        private final Tensor output; // [B,E]
        private final AttentionInput attentionInput;
        private final int[] queryOffsets;
        private final int[] keyOffsets;

        private Workspace(Arena arena, int maxImages) {
            int tokenCount = maxImages * (1 + pixelCount);
            tokens = arena.allocate(activationType, tokenCount, channels);
            meanTokens = arena.allocate(activationType, maxImages, channels);
            queries = arena.allocate(activationType, maxImages, channels);
            keys = arena.allocate(activationType, tokenCount, channels);
            values = arena.allocate(activationType, tokenCount, channels);
            attended = arena.allocate(activationType, maxImages, channels);
            output = arena.allocate(DType.F32, maxImages, embedDim);
            attentionInput = new AttentionInput(queries, keys, values);
            queryOffsets = new int[maxImages + 1];
            keyOffsets = new int[maxImages + 1];
            for (int i = 0; i <= maxImages; i++) {
                queryOffsets[i] = i;
                keyOffsets[i] = i * (1 + pixelCount);
            }
        }

        /** Pools {@code images} feature maps [B*pixels, C]. */
        void run(ExecutionContext context, Tensor x, int images) {
            int rows = keyOffsets[images];
            meanToken.run(context, x, images, tokens); // [B*T,C]
            gather.run(context, tokens, keyOffsets, images, meanTokens); // [B,C]
            qProj.run(context, meanTokens, images, queries); // [B,C]
            kProj.run(context, tokens, rows, keys); // [B*T,C]
            vProj.run(context, tokens, rows, values); // [B*T,C]
            attentionInput.segments(queryOffsets, keyOffsets, images);
            attention.run(context, attentionInput, attended); // [B,C]
            cProj.run(context, attended, images, output); // [B,E]
        }

        Tensor output() {
            return output;
        }
    }
}
