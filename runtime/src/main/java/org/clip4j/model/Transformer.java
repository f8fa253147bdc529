package org.clip4j.model;

import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Tensor;

/**
 * The residual blocks of a tower with the layer norm behind them. Each block ends with the layer norm that begins the
 * next, so that a backend can do both in one pass. Prepared and immutable.
 *
 * <p>Source: openai/CLIP clip/model.py, Transformer.
 */
final class Transformer {
    private final LayerNorm firstNorm; // resblocks[0].ln_1
    private final ResidualAttentionBlock[] resblocks;

    /**
     * Prepares it.
     *
     * @param prefix of the blocks' names, such as {@code transformer.resblocks}
     * @param finalNorm name of the layer norm behind the last block, {@code ln_final} or {@code visual.ln_post}
     */
    Transformer(Weights weights, String prefix, TransformerShape shape, String finalNorm) {
        firstNorm = weights.layerNorm(prefix + ".0.ln_1");
        resblocks = new ResidualAttentionBlock[shape.layers()];
        for (int i = 0; i < resblocks.length; i++) {
            LayerNorm next = weights
                    .layerNorm(i + 1 < resblocks.length ? prefix + "." + (i + 1) + ".ln_1" : finalNorm);
            resblocks[i] = new ResidualAttentionBlock(weights, prefix + "." + i, shape, next);
        }
    }

    /**
     * Transforms all rows of x, of the last block only those that are pooled.
     *
     * @param pooledRows one row of x per sequence, one that sees all others: the end of a causal sequence, or any other
     * @return the pooled rows behind the final layer norm, [sequences, D]
     */
    Tensor run(ExecutionContext context, TransformerWorkspace w, int rows, int[] pooledRows, int sequences) {
        firstNorm.run(context, w.x(), rows, w.normed()); // [rows,D]
        int last = resblocks.length - 1;
        for (int i = 0; i < last; i++) {
            resblocks[i].run(context, w, rows); // [rows,D]
        }
        resblocks[last].runPooled(context, w, rows, pooledRows, sequences); // [sequences,D]
        return w.normed();
    }
}
