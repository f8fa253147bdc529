package org.clip4j.training;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;

/**
 * A residual attention block, forward and backward: x = x + attention(ln1(x)); x = x + mlp(ln2(x)). Holds what the
 * forward pass leaves for the backward pass. The last layer of a tower computes queries and what follows for the pooled
 * rows only, as the inference towers do. Belongs to one pass.
 *
 * <p>Source: openai/CLIP clip/model.py, ResidualAttentionBlock.
 */
final class TransformerLayer {
    private final TowerShape shape;
    private final BackwardOperations backward;
    private final Parameter[] ln1;
    private final Parameter[] inProj;
    private final Parameter[] outProj;
    private final Parameter[] ln2;
    private final Parameter[] cFc;
    private final Parameter[] cProj;
    private final boolean pools;
    private final Tensor x; // [rows,D], the input
    private final Tensor normed1; // [rows,D]
    private final Tensor qkv; // [rows,3D]
    private final Tensor pooledQueries; // [B,D], when it pools
    private final Tensor attended; // [rows or B,D]
    private final Tensor middle; // [rows or B,D], after the attention
    private final Tensor normed2; // [rows or B,D]
    private final Tensor sums; // [rows or B,mlpWidth]
    private final Tensor hidden; // [rows or B,mlpWidth]
    private final Tensor out; // [rows or B,D]
    private final AttentionInput attentionInput;
    private final Attention attention;
    private final RowGather gather;
    private Prepared prepared;

    /** Operations on the weights as they are now. */
    private record Prepared(LayerNorm ln1, Linear inProj, Linear outProj, LayerNorm ln2, Linear cFc, Linear cProj) {}

    /** What the layers of a tower share while they run backward, one after the other. */
    record Scratch(Tensor dHidden, Tensor dNormed, Tensor dAttended, Tensor dQkv, Tensor dQueries) {
        static Scratch allocate(Arena arena, DType dtype, TowerShape shape) {
            int rows = shape.maxRows();
            int D = shape.width();
            return new Scratch(arena.allocate(dtype, rows, shape.mlpWidth()), arena.allocate(dtype, rows, D),
                    arena.allocate(dtype, rows, D), arena.allocate(dtype, rows, 3 * D),
                    arena.allocate(dtype, shape.maxSequences(), D));
        }
    }

    /**
     * Allocates activations.
     *
     * @param prefix of the tensors' names
     * @param pools true for the last layer
     * @param x [maxRows,D], the input: the output of the layer before
     */
    TransformerLayer(Parameters parameters, String prefix, TowerShape shape, boolean pools, Tower.Resources resources,
            Tensor x) {
        this.shape = shape;
        this.x = x;
        this.pools = pools;
        this.backward = resources.backward();
        ln1 = pair(parameters, prefix + ".ln_1.weight", prefix + ".ln_1.bias");
        inProj = pair(parameters, prefix + ".attn.in_proj_weight", prefix + ".attn.in_proj_bias");
        outProj = pair(parameters, prefix + ".attn.out_proj.weight", prefix + ".attn.out_proj.bias");
        ln2 = pair(parameters, prefix + ".ln_2.weight", prefix + ".ln_2.bias");
        cFc = pair(parameters, prefix + ".mlp.c_fc.weight", prefix + ".mlp.c_fc.bias");
        cProj = pair(parameters, prefix + ".mlp.c_proj.weight", prefix + ".mlp.c_proj.bias");
        Arena arena = resources.arena();
        DType dtype = ln1[0].value().dtype();
        int rows = shape.maxRows();
        int kept = pools ? shape.maxSequences() : rows;
        int D = shape.width();
        normed1 = arena.allocate(dtype, rows, D);
        qkv = arena.allocate(dtype, rows, 3 * D);
        pooledQueries = pools ? arena.allocate(dtype, kept, D) : null;
        attended = arena.allocate(dtype, kept, D);
        middle = arena.allocate(dtype, kept, D);
        normed2 = arena.allocate(dtype, kept, D);
        sums = arena.allocate(dtype, kept, shape.mlpWidth());
        hidden = arena.allocate(dtype, kept, shape.mlpWidth());
        out = arena.allocate(dtype, kept, D);
        attentionInput = attentionOperands(qkv, pooledQueries);
        Backend backend = resources.backend();
        // A pooled row sees its whole sequence: class tokens because nothing is masked, end tokens because they are last.
        attention = backend.attention(shape.heads(), D / shape.heads(), shape.causal() && !pools);
        gather = backend.rowGather(D);
    }

    private static Parameter[] pair(Parameters parameters, String weight, String bias) {
        return new Parameter[]{parameters.get(weight), parameters.get(bias)};
    }

    private static AttentionInput attentionOperands(Tensor qkv, Tensor queries) {
        AttentionInput packed = AttentionInput.packed(qkv);
        return queries == null ? packed : new AttentionInput(queries, packed.keys(), packed.values());
    }

    /** [rows,D], or [B,D] when it pools. */
    Tensor out() {
        return out;
    }

    /** Prepares the weights as they are now; again after each step of the optimizer. */
    void prepare(Backend backend, Arena arena) {
        prepared = new Prepared(
                backend.layerNorm(arena, ln1[0].value(), ln1[1].value(), BackwardOperations.EPSILON),
                backend.linear(arena, inProj[0].value(), inProj[1].value(), Activation.NONE),
                backend.linear(arena, outProj[0].value(), outProj[1].value(), Activation.NONE),
                backend.layerNorm(arena, ln2[0].value(), ln2[1].value(), BackwardOperations.EPSILON),
                backend.linear(arena, cFc[0].value(), cFc[1].value(), Activation.NONE),
                backend.linear(arena, cProj[0].value(), cProj[1].value(), Activation.NONE));
    }

    void forward(ExecutionContext context, Sequences sequences) {
        int rows = sequences.rows();
        int kept = pools ? sequences.count() : rows;
        prepared.ln1.run(context, x, rows, normed1); // [rows,D]
        prepared.inProj.run(context, normed1, rows, qkv); // [rows,3D]
        if (pools) {
            gather.run(context, qkv.columns(0, shape.width()), sequences.pooledRows(), kept, pooledQueries); // [B,D]
            gather.run(context, x, sequences.pooledRows(), kept, middle); // [B,D]
            attentionInput.segments(sequences.pooledOffsets(), sequences.offsets(), sequences.count());
        } else {
            gather.run(context, x, sequences.allRows(), rows, middle); // [rows,D]
            attentionInput.segments(sequences.offsets(), sequences.offsets(), sequences.count());
        }
        attention.run(context, attentionInput, attended); // [kept,D]
        prepared.outProj.runAdd(context, attended, kept, middle); // [kept,D]
        prepared.ln2.run(context, middle, kept, normed2); // [kept,D]
        prepared.cFc.run(context, normed2, kept, sums); // [kept,mlpWidth]
        backward.activate(shape.activation(), sums, kept, hidden); // [kept,mlpWidth]
        gather.run(context, middle, sequences.allRows(), kept, out); // [kept,D]
        prepared.cProj.runAdd(context, hidden, kept, out); // [kept,D]
    }

    /**
     * Adds to the gradients of the weights.
     *
     * @param dOut [kept,D], with respect to the output; overwritten
     * @param dx [rows,D], receives that with respect to the input; may be {@code dOut} where the layer does not pool
     */
    void backward(Sequences sequences, Tensor dOut, Tensor dx, Scratch s) {
        int rows = sequences.rows();
        int kept = pools ? sequences.count() : rows;
        backward.linear(hidden, cProj[0], cProj[1], dOut, kept, s.dHidden()); // [kept,mlpWidth]
        backward.activation(shape.activation(), sums, s.dHidden(), kept, s.dHidden()); // [kept,mlpWidth]
        backward.linear(normed2, cFc[0], cFc[1], s.dHidden(), kept, s.dNormed()); // [kept,D]
        // dOut is from here on the gradient of the stream between attention and MLP.
        backward.layerNorm(middle, ln2[0], ln2[1], s.dNormed(), kept, dOut); // [kept,D]
        backward.linear(attended, outProj[0], outProj[1], dOut, kept, s.dAttended()); // [kept,D]
        backward.attention(shape.heads(), shape.causal() && !pools, attentionInput, s.dAttended(),
                attentionOperands(s.dQkv(), pools ? s.dQueries() : null)); // [rows,3D]
        if (pools) {
            Tensor dQueries = s.dQkv().columns(0, shape.width());
            backward.zero(dQueries, rows);
            backward.scatterAdd(s.dQueries(), sequences.pooledRows(), kept, dQueries); // [rows,D]
            backward.zero(dx, rows);
            backward.scatterAdd(dOut, sequences.pooledRows(), kept, dx); // [rows,D]
        }
        backward.linear(normed1, inProj[0], inProj[1], s.dQkv(), rows, s.dNormed()); // [rows,D]
        backward.layerNorm(x, ln1[0], ln1[1], s.dNormed(), rows, dx); // [rows,D]
    }
}
