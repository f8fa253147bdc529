package org.clip4j.model;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;

/**
 * x = x + attention(ln1(x)); x = x + mlp(ln2(x)). Prepared and immutable.
 *
 * <p>Source: openai/CLIP clip/model.py, ResidualAttentionBlock.
 */
final class ResidualAttentionBlock {
    private final LayerNorm ln1;
    private final Linear inProj; // D -> 3D
    private final Attention attention;
    private final Attention pooledAttention;
    private final Linear outProj; // D -> D
    private final LayerNorm ln2;
    private final Linear cFc; // D -> mlpWidth
    private final Linear cProj; // mlpWidth -> D
    private final RowGather gather;

    /**
     * Prepares a block.
     *
     * @param prefix of its tensors' names, such as {@code transformer.resblocks.0}
     */
    ResidualAttentionBlock(Weights weights, String prefix, TransformerShape shape) {
        ln1 = weights.layerNorm(prefix + ".ln_1");
        inProj = weights.backend().linear(weights.arena(), weights.tensor(prefix + ".attn.in_proj_weight"),
                weights.tensor(prefix + ".attn.in_proj_bias"), Activation.NONE);
        attention = weights.backend().attention(shape.heads(), shape.width() / shape.heads(), shape.causal());
        // A pooled row sees its whole sequence: class tokens because nothing is masked, end tokens because they are last.
        pooledAttention = weights.backend().attention(shape.heads(), shape.width() / shape.heads(), false);
        outProj = weights.linear(prefix + ".attn.out_proj", Activation.NONE);
        ln2 = weights.layerNorm(prefix + ".ln_2");
        cFc = weights.linear(prefix + ".mlp.c_fc", shape.activation());
        cProj = weights.linear(prefix + ".mlp.c_proj", Activation.NONE);
        gather = weights.backend().rowGather(shape.width());
    }

    /** Transforms all rows of x in place. */
    void run(ExecutionContext context, TransformerWorkspace w, int rows) {
        ln1.run(context, w.x(), rows, w.normed()); // [rows,D]
        inProj.run(context, w.normed(), rows, w.qkv()); // [rows,3D]
        attention.run(context, w.attentionInput(), w.attended()); // [rows,D]
        outProj.runAdd(context, w.attended(), rows, w.x()); // [rows,D]
        ln2.run(context, w.x(), rows, w.normed()); // [rows,D]
        cFc.run(context, w.normed(), rows, w.hidden()); // [rows,mlpWidth]
        cProj.runAdd(context, w.hidden(), rows, w.x()); // [rows,D]
    }

    /**
     * The last block, of which only one row per sequence is used: keys and values of all rows, but queries, MLP and
     * result of the pooled rows only. The same numbers as {@link #run}, for a fraction of the work.
     *
     * @param pooledRows one row of x per sequence, one that sees all others: the end of a causal sequence, or any other
     * @return [sequences, D]
     */
    Tensor runPooled(ExecutionContext context, TransformerWorkspace w, int rows, int[] pooledRows, int sequences) {
        ln1.run(context, w.x(), rows, w.normed()); // [rows,D]
        inProj.run(context, w.normed(), rows, w.qkv()); // [rows,3D]
        gather.run(context, w.queries(), pooledRows, sequences, w.pooledQueries()); // [B,D]
        gather.run(context, w.x(), pooledRows, sequences, w.pooled()); // [B,D]
        pooledAttention.run(context, w.pooledAttentionInput(sequences), w.attended()); // [B,D]
        outProj.runAdd(context, w.attended(), sequences, w.pooled()); // [B,D]
        ln2.run(context, w.pooled(), sequences, w.normed()); // [B,D]
        cFc.run(context, w.normed(), sequences, w.hidden()); // [B,mlpWidth]
        cProj.runAdd(context, w.hidden(), sequences, w.pooled()); // [B,D]
        return w.pooled();
    }
}
