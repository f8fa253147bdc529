package org.clip4j.kernels;

/**
 * Operands of an attention: the matrices are bound once, the segments are set before a call. Segment s has queries
 * {@code queryOffsets[s]} (inclusive) to {@code queryOffsets[s + 1]} and keys {@code keyOffsets[s]} to
 * {@code keyOffsets[s + 1]}. Belongs to one session.
 */
public final class AttentionInput {
    private final Tensor queries;
    private final Tensor keys;
    private final Tensor values;
    private int[] queryOffsets;
    private int[] keyOffsets;
    private int segments;

    /**
     * Binds the matrices; there are no segments yet.
     *
     * @param queries [rows, heads * headWidth], may be a column view
     * @param keys likewise
     * @param values likewise
     * @throws IllegalArgumentException when there are not as many values as keys
     */
    public AttentionInput(Tensor queries, Tensor keys, Tensor values) {
        if (keys.rows() != values.rows()) {
            throw new IllegalArgumentException("keys and values differ in number: keys=" + keys + " values=" + values);
        }
        this.queries = queries;
        this.keys = keys;
        this.values = values;
    }

    /** Queries, keys and values side by side in one matrix [rows, 3 * D], as {@code in_proj} delivers them. */
    public static AttentionInput packed(Tensor qkv) {
        if (qkv.columns() % 3 != 0) {
            throw new IllegalArgumentException("columns are not queries, keys and values: qkv=" + qkv);
        }
        int width = qkv.columns() / 3;
        return new AttentionInput(qkv.columns(0, width), qkv.columns(width, 2 * width),
                qkv.columns(2 * width, 3 * width));
    }

    /**
     * Sets the segments of the following calls; the arrays are kept, not copied.
     *
     * @param newQueryOffsets at least {@code newSegments + 1} ascending row numbers
     * @param newKeyOffsets likewise; the same array for self-attention
     * @throws IllegalArgumentException when they are not ascending, reach beyond the matrices, or leave queries without
     *         any key
     */
    public void segments(int[] newQueryOffsets, int[] newKeyOffsets, int newSegments) {
        check("queryOffsets", newQueryOffsets, newSegments, queries.rows());
        check("keyOffsets", newKeyOffsets, newSegments, keys.rows());
        for (int s = 0; s < newSegments; s++) {
            if (newKeyOffsets[s] == newKeyOffsets[s + 1] && newQueryOffsets[s] != newQueryOffsets[s + 1]) {
                throw new IllegalArgumentException("segment has queries but no keys: segment=" + s);
            }
        }
        this.queryOffsets = newQueryOffsets;
        this.keyOffsets = newKeyOffsets;
        this.segments = newSegments;
    }

    private static void check(String name, int[] offsets, int segments, int rows) {
        if (segments < 0 || offsets.length <= segments || offsets[0] < 0 || offsets[segments] > rows) {
            throw new IllegalArgumentException("segments do not fit: name=" + name + " segments=" + segments
                    + " offsets=" + offsets.length + " rows=" + rows);
        }
        for (int s = 0; s < segments; s++) {
            if (offsets[s] > offsets[s + 1]) {
                throw new IllegalArgumentException("offsets descend: name=" + name + " segment=" + s + " from="
                        + offsets[s] + " to=" + offsets[s + 1]);
            }
        }
    }

    /** [rows, heads * headWidth]. */
    public Tensor queries() {
        return queries;
    }

    /** [rows, heads * headWidth]. */
    public Tensor keys() {
        return keys;
    }

    /** [rows, heads * headWidth]. */
    public Tensor values() {
        return values;
    }

    /** Number of segments. */
    public int segments() {
        return segments;
    }

    /** First query row of a segment; for {@code segment == segments()} the end of the last. */
    public int queryOffset(int segment) {
        return queryOffsets[segment];
    }

    /** First key row of a segment; for {@code segment == segments()} the end of the last. */
    public int keyOffset(int segment) {
        return keyOffsets[segment];
    }
}
