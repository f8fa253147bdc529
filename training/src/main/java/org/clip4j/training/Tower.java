package org.clip4j.training;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Tensor;

/**
 * What both towers have in common: the blocks, the last layer norm, the projection and the normalisation. A chunk runs
 * forward, then, while its activations are still there, backward. Belongs to one thread.
 */
final class Tower {
    private final TowerShape shape;
    private final Resources resources;
    private final Tensor x; // [rows,D]
    private final TransformerLayer[] resblocks;
    private final TransformerLayer.Scratch scratch;
    private final Parameter lnGain;
    private final Parameter lnBias;
    private final Parameter projection;
    private final Tensor projectionTransposed; // [E,D]
    private final Tensor normed; // [B,D]
    private final Tensor projected; // [B,E]
    private final Tensor dProjected; // [B,E]
    private final Tensor dNormed; // [B,D]
    private final Tensor dPooled; // [B,D]
    private final Tensor dx; // [rows,D]
    private final Sequences sequences;
    private final L2Normalize l2Normalize;
    private LayerNorm ln;
    private Linear proj;

    /**
     * What a tower works with.
     *
     * @param backend of the forward passes
     * @param context of that backend
     * @param backward operations on the same kind of tensors
     * @param arena receives activations
     */
    record Resources(Backend backend, ExecutionContext context, BackwardOperations backward, Arena arena) {}

    /** Names of the tensors around the blocks. */
    record Names(String blocks, String ln, String projection) {}

    Tower(Parameters parameters, Names names, TowerShape shape, Resources resources) {
        this.shape = shape;
        this.resources = resources;
        lnGain = parameters.get(names.ln + ".weight");
        lnBias = parameters.get(names.ln + ".bias");
        projection = parameters.get(names.projection);
        Arena arena = resources.arena;
        DType dtype = projection.value().dtype();
        x = arena.allocate(dtype, shape.maxRows(), shape.width());
        resblocks = new TransformerLayer[shape.layers()];
        for (int i = 0; i < resblocks.length; i++) {
            resblocks[i] = new TransformerLayer(parameters, names.blocks + "." + i, shape, i == resblocks.length - 1,
                    resources, i == 0 ? x : resblocks[i - 1].out());
        }
        int B = shape.maxSequences();
        scratch = TransformerLayer.Scratch.allocate(arena, dtype, shape);
        projectionTransposed = arena.allocate(dtype, shape.embedDim(), shape.width());
        normed = arena.allocate(dtype, B, shape.width());
        projected = arena.allocate(dtype, B, shape.embedDim());
        dProjected = arena.allocate(dtype, B, shape.embedDim());
        dNormed = arena.allocate(dtype, B, shape.width());
        dPooled = arena.allocate(dtype, B, shape.width());
        dx = arena.allocate(dtype, shape.maxRows(), shape.width());
        sequences = new Sequences(B, shape.maxRows());
        l2Normalize = resources.backend.l2Normalize(shape.embedDim());
    }

    Sequences sequences() {
        return sequences;
    }

    /** Where the tokens of a chunk go. */
    Tensor x() {
        return x;
    }

    /** Prepares the weights as they are now; again after each step of the optimizer. */
    void prepare(Arena arena) {
        for (TransformerLayer block : resblocks) {
            block.prepare(resources.backend, arena);
        }
        ln = resources.backend.layerNorm(arena, lnGain.value(), lnBias.value(), BackwardOperations.EPSILON);
        for (int d = 0; d < shape.width(); d++) {
            for (int e = 0; e < shape.embedDim(); e++) {
                projectionTransposed.set(e, d, projection.value().get(d, e));
            }
        }
        proj = resources.backend.linear(arena, projectionTransposed, null, Activation.NONE);
    }

    /** From the tokens in {@link #x} to embeddings of norm 1, [B,E]. */
    void forward(Tensor embeddings) {
        ExecutionContext context = resources.context;
        int count = sequences.count();
        for (TransformerLayer block : resblocks) {
            block.forward(context, sequences); // [rows,D], the last one [B,D]
        }
        Tensor pooled = resblocks[resblocks.length - 1].out();
        ln.run(context, pooled, count, normed); // [B,D]
        proj.run(context, normed, count, projected); // [B,E]
        l2Normalize.run(context, projected, count, embeddings); // [B,E]
    }

    /** Before normalisation, [B,E]; of the last forward pass. */
    Tensor projected() {
        return projected;
    }

    /**
     * Adds to the gradients of the weights.
     *
     * @param dEmbeddings [B,E], with respect to the embeddings of norm 1
     * @return [rows,D], the gradient with respect to the tokens in {@link #x}; valid until the next pass
     */
    Tensor backward(Tensor dEmbeddings) {
        BackwardOperations backward = resources.backward;
        int count = sequences.count();
        TransformerLayer last = resblocks[resblocks.length - 1];
        backward.l2Normalize(projected, dEmbeddings, count, dProjected); // [B,E]
        backward.projection(normed, projection, dProjected, count, dNormed); // [B,D]
        backward.zero(dPooled, count);
        backward.layerNorm(last.out(), lnGain, lnBias, dNormed, count, dPooled); // [B,D]
        last.backward(sequences, dPooled, dx, scratch); // [rows,D]
        for (int i = resblocks.length - 2; i >= 0; i--) {
            resblocks[i].backward(sequences, dx, dx, scratch); // [rows,D]
        }
        return dx;
    }
}
