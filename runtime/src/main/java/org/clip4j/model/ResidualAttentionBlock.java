package org.clip4j.model;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.ResidualNorm;
import org.clip4j.kernels.RowGather;

/**
 * x = x + attention(ln1(x)); x = x + mlp(ln2(x)). Finds ln1(x) done, and leaves the next layer norm of x behind. Prepared
 * and immutable.
 *
 * <p>Source: openai/CLIP clip/model.py, ResidualAttentionBlock.
 */
final class ResidualAttentionBlock {
    private final Linear inProj; // D -> 3D
    private final Attention attention;
    private final Attention pooledAttention;
    private final ResidualNorm outProjLn2; // D -> D, then ln2
    private final Linear cFc; // D -> mlpWidth
    private final ResidualNorm cProjNext; // mlpWidth -> D, then the next layer norm
    private final RowGather gather;

    /**
     * Prepares a block.
     *
     * @param prefix of its tensors' names, such as {@code transformer.resblocks.0}
     * @param next the layer norm that follows: ln1 of the next block, or the one behind the last
     */
    ResidualAttentionBlock(Weights weights, String prefix, TransformerShape shape, LayerNorm next) {
        inProj = weights.linear(prefix + ".attn.in_proj", prefix + ".attn.in_proj_weight",
                prefix + ".attn.in_proj_bias",
                Activation.NONE);
        attention = weights.backend().attention(shape.heads(), shape.width() / shape.heads(), shape.causal());
        // A pooled row sees its whole sequence: class tokens because nothing is masked, end tokens because they are last.
        pooledAttention = weights.backend().attention(shape.heads(), shape.width() / shape.heads(), false);
        outProjLn2 = weights.backend().residualNorm(weights.linear(prefix + ".attn.out_proj", Activation.NONE),
                weights.layerNorm(prefix + ".ln_2"));
        cFc = weights.linear(prefix + ".mlp.c_fc", shape.activation());
        cProjNext = weights.backend().residualNorm(weights.linear(prefix + ".mlp.c_proj", Activation.NONE), next);
        gather = weights.backend().rowGather(shape.width());
    }

    /** Transforms all rows of x in place. */
    void run(ExecutionContext context, TransformerWorkspace w, int rows) {
        inProj.run(context, w.normed(), rows, w.qkv()); // [rows,3D]
        attention.run(context, w.attentionInput(), w.attended()); // [rows,D]
        outProjLn2.run(context, w.attended(), rows, w.x(), w.normed()); // [rows,D]
        cFc.run(context, w.normed(), rows, w.hidden()); // [rows,mlpWidth]
        cProjNext.run(context, w.hidden(), rows, w.x(), w.normed()); // [rows,D]
    }

    /**
     * The last block, of which only one row per sequence is used: keys and values of all rows, but queries, MLP and
     * result of the pooled rows only. The same numbers as {@link #run}, for a fraction of the work. The result is the next
     * layer norm of the pooled rows, the first of the workspace's normed ones.
     */
    void runPooled(ExecutionContext context, TransformerWorkspace w, int rows, int[] pooledRows, int sequences) {
        inProj.run(context, w.normed(), rows, w.qkv()); // [rows,3D]
        gather.run(context, w.queries(), pooledRows, sequences, w.pooledQueries()); // [B,D]
        gather.run(context, w.x(), pooledRows, sequences, w.pooled()); // [B,D]
        pooledAttention.run(context, w.pooledAttentionInput(sequences), w.attended()); // [B,D]
        outProjLn2.run(context, w.attended(), sequences, w.pooled(), w.normed()); // [B,D]
        cFc.run(context, w.normed(), sequences, w.hidden()); // [B,mlpWidth]
        cProjNext.run(context, w.hidden(), sequences, w.pooled(), w.normed()); // [B,D]
    }
}
