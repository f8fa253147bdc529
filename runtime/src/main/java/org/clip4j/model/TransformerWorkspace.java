package org.clip4j.model;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;

/**
 * Activations of a transformer, allocated once for a largest number of rows, and the segments that the rows fall into.
 * Belongs to one session.
 */
final class TransformerWorkspace {
    private final Tensor x; // [maxRows,D], the residual stream
    private final Tensor normed; // [maxRows,D]
    private final Tensor qkv; // [maxRows,3D]
    private final Tensor queries; // the first D columns of qkv
    private final Tensor attended; // [maxRows,D]
    private final Tensor hidden; // [maxRows,mlpWidth]
    private final Tensor pooled; // [maxSequences,D]
    private final Tensor pooledQueries; // [maxSequences,D]
    private final AttentionInput attentionInput;
    private final AttentionInput pooledAttentionInput;
    private final int[] pooledOffsets;
    private int[] keyOffsets;
    private int[] keyRows;

    /**
     * Allocates it.
     *
     * @param type of all but the residual stream, see {@link org.clip4j.kernels.Backend#activationType}
     */
    TransformerWorkspace(Arena arena, DType type, TransformerShape shape, int maxSequences, int maxRows) {
        int width = shape.width();
        x = arena.allocate(DType.F32, maxRows, width);
        normed = arena.allocate(type, maxRows, width);
        qkv = arena.allocate(type, maxRows, 3 * width);
        queries = qkv.columns(0, width);
        attended = arena.allocate(type, maxRows, width);
        hidden = arena.allocate(type, maxRows, shape.mlpWidth());
        pooled = arena.allocate(DType.F32, maxSequences, width);
        pooledQueries = arena.allocate(type, maxSequences, width);
        attentionInput = AttentionInput.packed(qkv);
        pooledAttentionInput = new AttentionInput(pooledQueries, attentionInput.keys(), attentionInput.values());
        pooledOffsets = new int[maxSequences + 1];
        for (int i = 0; i <= maxSequences; i++) {
            pooledOffsets[i] = i;
        }
    }

    /** Sets the sequences of the next pass: sequence s has rows {@code offsets[s]} to {@code offsets[s + 1]}. */
    void sequences(int[] newOffsets, int count) {
        paths(newOffsets, newOffsets, null, count);
    }

    /**
     * Sets sequences that may begin with the same rows: sequence s has rows {@code queryOffsets[s]} to
     * {@code queryOffsets[s + 1]} to itself, and consists of the rows {@code rows[keyOffsets[s]]} to
     * {@code rows[keyOffsets[s + 1] - 1]}.
     */
    void paths(int[] queryOffsets, int[] newKeyOffsets, int[] rows, int count) {
        keyOffsets = newKeyOffsets;
        keyRows = rows;
        attentionInput.segments(queryOffsets, newKeyOffsets, rows, count);
    }

    Tensor x() {
        return x;
    }

    Tensor normed() {
        return normed;
    }

    Tensor qkv() {
        return qkv;
    }

    Tensor queries() {
        return queries;
    }

    Tensor attended() {
        return attended;
    }

    Tensor hidden() {
        return hidden;
    }

    Tensor pooled() {
        return pooled;
    }

    Tensor pooledQueries() {
        return pooledQueries;
    }

    AttentionInput attentionInput() {
        return attentionInput;
    }

    /** One query per sequence against all keys of the sequence. */
    AttentionInput pooledAttentionInput(int count) {
        pooledAttentionInput.segments(pooledOffsets, keyOffsets, keyRows, count);
        return pooledAttentionInput;
    }
}
