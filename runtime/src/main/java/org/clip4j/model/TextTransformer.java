package org.clip4j.model;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;
import org.clip4j.weights.TextConfig;

/**
 * Text encoder: a causal transformer, pooled at the end-of-text token.
 *
 * <p>Source: openai/CLIP clip/model.py, CLIP.encode_text.
 */
final class TextTransformer implements TextTower {
    private final TextConfig config;
    private final int embedDim;
    private final TransformerShape shape;
    private final TokenEmbedding tokenEmbedding;
    private final ResidualAttentionBlock[] resblocks;
    private final LayerNorm lnFinal;
    private final Linear textProjection;

    TextTransformer(Weights weights, TextConfig config, int embedDim) {
        this.config = config;
        this.embedDim = embedDim;
        shape = new TransformerShape(config.width(), config.layers(), config.heads(), config.mlpWidth(),
                config.activation(), true);
        tokenEmbedding = weights.backend().tokenEmbedding(weights.arena(), weights.tensor("token_embedding.weight"),
                weights.tensor("positional_embedding"));
        resblocks = new ResidualAttentionBlock[config.layers()];
        for (int i = 0; i < resblocks.length; i++) {
            resblocks[i] = new ResidualAttentionBlock(weights, "transformer.resblocks." + i, shape);
        }
        lnFinal = weights.layerNorm("ln_final");
        textProjection = weights.projection("text_projection");
    }

    @Override
    public TextTower.Pass newPass(ExecutionContext context, Arena arena, int maxTexts, int maxTokens) {
        return new Pass(context, arena, maxTexts, maxTokens);
    }

    private final class Pass implements TextTower.Pass {
        private final ExecutionContext context;
        private final TransformerWorkspace w;
        private final Tensor output; // [B,E]
        private final int[] usedIds; // ids up to and with the pooled token of each text
        private final int[] usedOffsets;
        private final int[] pooledRows;

        Pass(ExecutionContext context, Arena arena, int maxTexts, int maxTokens) {
            this.context = context;
            w = new TransformerWorkspace(arena, shape, maxTexts, maxTokens);
            output = arena.allocate(DType.F32, maxTexts, embedDim);
            usedIds = new int[maxTokens];
            usedOffsets = new int[maxTexts + 1];
            pooledRows = new int[maxTexts];
        }

        @Override
        public void run(int[] ids, int[] offsets, int texts) {
            int rows = cutBehindPooledTokens(ids, offsets, texts);
            tokenEmbedding.run(context, usedIds, usedOffsets, texts, w.x()); // [rows,D]
            w.sequences(usedOffsets, texts);
            for (int i = 0; i < resblocks.length - 1; i++) {
                resblocks[i].run(context, w, rows); // [rows,D]
            }
            Tensor pooled = resblocks[resblocks.length - 1].runPooled(context, w, rows, pooledRows, texts); // [B,D]
            lnFinal.run(context, pooled, texts, pooled); // [B,D]
            textProjection.run(context, pooled, texts, output); // [B,E]
        }

        private int cutBehindPooledTokens(int[] ids, int[] offsets, int texts) {
            int rows = 0;
            for (int text = 0; text < texts; text++) {
                int pooled = pooledToken(ids, offsets[text], offsets[text + 1]);
                int length = pooled + 1 - offsets[text];
                usedOffsets[text] = rows;
                System.arraycopy(ids, offsets[text], usedIds, rows, length);
                rows += length;
                pooledRows[text] = rows - 1;
            }
            usedOffsets[texts] = rows;
            return rows;
        }

        @Override
        public Tensor output() {
            return output;
        }
    }

    /** Position of the token whose state becomes the embedding, at or after {@code from} and before {@code to}. */
    private int pooledToken(int[] ids, int from, int to) {
        int pooled = from;
        for (int i = from; i < to; i++) {
            if (config.eotToken() == TextConfig.LARGEST_ID) {
                pooled = ids[i] > ids[pooled] ? i : pooled;
            } else if (ids[i] == config.eotToken()) {
                return i;
            }
        }
        return pooled;
    }
}
