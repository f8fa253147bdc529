package org.clip4j.model;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
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
    /** Tokens of all texts of a pass, as a multiple of its nodes: as much sharing as its arrays of integers have room for. */
    private static final int MAX_SHARING = 4;

    /** Of a key: 0, or one more than the magnitude of the number of path entries. */
    private static final int PATHS_BITS = 6;

    private final TextConfig config;
    private final int embedDim;
    private final TransformerShape shape;
    private final DType activationType;
    private final TokenEmbedding tokenEmbedding;
    private final Transformer transformer;
    private final Linear textProjection;
    private final RowGather copies;

    TextTransformer(Weights weights, TextConfig config, int embedDim) {
        this.config = config;
        this.embedDim = embedDim;
        activationType = weights.activationType();
        shape = new TransformerShape(config.width(), config.layers(), config.heads(), config.mlpWidth(),
                config.activation(), true);
        tokenEmbedding = weights.backend().tokenEmbedding(weights.arena(), weights.tensor("token_embedding.weight"),
                weights.tensor("positional_embedding"));
        transformer = new Transformer(weights, "transformer.resblocks", shape, "ln_final");
        textProjection = weights.projection("text_projection");
        copies = weights.backend().rowGather(embedDim);
    }

    @Override
    public TextTower.Pass newPass(ExecutionContext context, Arena arena, int maxTexts, int maxNodes,
            boolean sharing) {
        return new Pass(context, arena, maxTexts, maxNodes, sharing);
    }

    private final class Pass implements TextTower.Pass {
        private final ExecutionContext context;
        private final TransformerWorkspace w;
        private final TokenTrie trie;
        private final Tensor distinctOutput; // [U,E] for U distinct texts
        private final Tensor output; // [B,E]
        private final int maxTexts;
        private final int maxNodes;
        private int rows; // nodes, or somewhat more
        private int distinct; // U, or somewhat more
        private int texts; // B, or somewhat more
        private boolean allDistinct;
        private boolean identity; // nothing is shared: key i is row i

        Pass(ExecutionContext context, Arena arena, int maxTexts, int maxNodes, boolean sharing) {
            this.context = context;
            this.maxTexts = maxTexts;
            this.maxNodes = maxNodes;
            w = new TransformerWorkspace(arena, activationType, shape, maxTexts, maxNodes);
            long maxPaths = Math.min((long) maxTexts * config.contextLength(), (long) MAX_SHARING * maxNodes);
            trie = new TokenTrie(maxTexts, maxNodes,
                    Math.toIntExact(Math.max(maxPaths, config.contextLength())), sharing);
            distinctOutput = arena.allocate(DType.F32, maxTexts, embedDim);
            output = arena.allocate(DType.F32, maxTexts, embedDim);
        }

        @Override
        public void clear() {
            trie.clear();
        }

        @Override
        public boolean add(int[] ids, int from, int to) {
            return trie.add(ids, from, config.pooledToken(ids, from, to) + 1);
        }

        @Override
        public int texts() {
            return trie.texts();
        }

        @Override
        public void settle() {
            rows = context.recordedRows(trie.nodes(), maxNodes);
            distinct = context.recordedRows(trie.distinct(), maxTexts);
            texts = context.recordedRows(trie.texts(), maxTexts);
            allDistinct = trie.distinct() == trie.texts();
            identity = trie.nodes() == trie.tokens() && trie.distinct() == distinct;
            trie.pad(rows, distinct);
        }

        @Override
        public void fill() {
            trie.clear();
            rows = maxNodes;
            distinct = maxTexts;
            texts = maxTexts;
            allDistinct = false;
            identity = false;
            trie.pad(rows, distinct);
        }

        @Override
        public long key() {
            // Texts that are all distinct are not copied, so their number is that of the distinct ones. Keys of two
            // shapes differ, and are not below 0, up to a million nodes, 4,096 texts of 248 tokens.
            long shape = ((long) rows * (maxTexts + 1) + distinct) * (maxTexts + 1) + (allDistinct ? 0 : texts);
            return shape << PATHS_BITS | (identity ? 0 : 1 + ExecutionContext.magnitude(trie.keyOffsets()[distinct]));
        }

        @Override
        public void run() {
            tokenEmbedding.run(context, trie.ids(), trie.places(), rows, w.x()); // [rows,D]
            w.paths(trie.queryOffsets(), trie.keyOffsets(), identity ? null : trie.paths(), distinct);
            Tensor pooled = transformer.run(context, w, rows, trie.lastNodes(), distinct); // [U,D], lnFinal included
            if (allDistinct) {
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
        public int outputRows() {
            return allDistinct ? distinct : texts;
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
}
