package org.clip4j.model;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;
import org.clip4j.weights.TextConfig;

/**
 * Text encoder: a causal transformer, pooled at the end-of-text token. Its rows are the nodes of the texts' trie.
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
    private final RowGather copies;

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
        copies = weights.backend().rowGather(embedDim);
    }

    @Override
    public TextTower.Pass newPass(ExecutionContext context, Arena arena, int maxTexts, int maxTokens,
            boolean sharing) {
        return new Pass(context, arena, maxTexts, maxTokens, sharing);
    }

    private final class Pass implements TextTower.Pass {
        private final ExecutionContext context;
        private final TransformerWorkspace w;
        private final TokenTrie trie;
        private final Tensor distinctOutput; // [U,E] for U distinct texts
        private final Tensor output; // [B,E]

        Pass(ExecutionContext context, Arena arena, int maxTexts, int maxTokens, boolean sharing) {
            this.context = context;
            w = new TransformerWorkspace(arena, shape, maxTexts, maxTokens);
            trie = new TokenTrie(maxTexts, maxTokens, sharing);
            distinctOutput = arena.allocate(DType.F32, maxTexts, embedDim);
            output = arena.allocate(DType.F32, maxTexts, embedDim);
        }

        @Override
        public void run(int[] ids, int[] offsets, int texts) {
            trie.clear();
            for (int text = 0; text < texts; text++) {
                trie.add(ids, offsets[text], pooledToken(ids, offsets[text], offsets[text + 1]) + 1);
            }
            int rows = trie.nodes();
            int distinct = trie.distinct();
            tokenEmbedding.run(context, trie.ids(), trie.places(), rows, w.x()); // [rows,D]
            w.paths(trie.queryOffsets(), trie.keyOffsets(), trie.paths(), distinct);
            for (int i = 0; i < resblocks.length - 1; i++) {
                resblocks[i].run(context, w, rows); // [rows,D]
            }
            Tensor pooled = resblocks[resblocks.length - 1].runPooled(context, w, rows, trie.lastNodes(), distinct); // [U,D]
            lnFinal.run(context, pooled, distinct, pooled); // [U,D]
            if (distinct == texts) {
                textProjection.run(context, pooled, distinct, output); // [B,E]
            } else {
                textProjection.run(context, pooled, distinct, distinctOutput); // [U,E]
                copies.run(context, distinctOutput, trie.distinctOf(), texts, output); // [B,E]
            }
        }

        @Override
        public Tensor output() {
            return output;
        }

        @Override
        public int tokens() {
            return trie.tokens();
        }

        @Override
        public int nodes() {
            return trie.nodes();
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
