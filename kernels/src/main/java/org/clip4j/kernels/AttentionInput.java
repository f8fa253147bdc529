package org.clip4j.kernels;

/**
 * Operands of an attention: the matrices are bound once, the segments are set before a call. Segment s has queries
 * {@code queryOffsets[s]} (inclusive) to {@code queryOffsets[s + 1]} and keys {@code keyOffsets[s]} to
 * {@code keyOffsets[s + 1]}, never more queries than keys. Key i is row i of keys and values, or, where segments have
 * keys in common, row {@code keyRows[i]}. Belongs to one session.
 */
public final class AttentionInput {
    private final Tensor queries;
    private final Tensor keys;
    private final Tensor values;
    private int[] queryOffsets;
    private int[] keyOffsets;
    private int[] keyRows; // null: key i is row i
    private int keyRowEnd;
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
     * @throws IllegalArgumentException when they are not ascending, reach beyond the matrices, or give a segment more
     *         queries than keys
     */
    public void segments(int[] newQueryOffsets, int[] newKeyOffsets, int newSegments) {
        segments(newQueryOffsets, newKeyOffsets, null, newSegments);
    }

    /**
     * Sets segments that may have keys in common; the arrays are kept, not copied.
     *
     * @param newQueryOffsets at least {@code newSegments + 1} ascending row numbers
     * @param newKeyOffsets likewise, ascending positions in {@code newKeyRows}
     * @param newKeyRows rows of the keys and values, ascending within a segment; null when key i is row i
     * @throws IllegalArgumentException when they are not ascending, reach beyond the matrices, or give a segment more
     *         queries than keys
     */
    public void segments(int[] newQueryOffsets, int[] newKeyOffsets, int[] newKeyRows, int newSegments) {
        check("queryOffsets", newQueryOffsets, newSegments, queries.rows());
        check("keyOffsets", newKeyOffsets, newSegments, newKeyRows == null ? keys.rows() : newKeyRows.length);
        int end = newKeyRows == null ? newKeyOffsets[newSegments] : 0;
        for (int s = 0; s < newSegments; s++) {
            int queryCount = newQueryOffsets[s + 1] - newQueryOffsets[s];
            int keyCount = newKeyOffsets[s + 1] - newKeyOffsets[s];
            if (queryCount > keyCount) {
                throw new IllegalArgumentException("segment has more queries than keys: segment=" + s + " queries="
                        + queryCount + " keys=" + keyCount);
            }
            if (newKeyRows != null) {
                end = Math.max(end, checkKeyRows(newKeyRows, newKeyOffsets[s], newKeyOffsets[s + 1]));
            }
        }
        this.queryOffsets = newQueryOffsets;
        this.keyOffsets = newKeyOffsets;
        this.keyRows = newKeyRows;
        this.keyRowEnd = end;
        this.segments = newSegments;
    }

    /** End of the rows of a segment's keys. */
    private int checkKeyRows(int[] rows, int from, int to) {
        int end = 0;
        for (int i = from; i < to; i++) {
            if (rows[i] < end || rows[i] >= keys.rows()) {
                throw new IllegalArgumentException("key rows of a segment do not ascend within the matrix: index=" + i
                        + " row=" + rows[i] + " expected=" + end + ".." + (keys.rows() - 1));
            }
            end = rows[i] + 1;
        }
        return end;
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

    /** The array of {@link #queryOffset}, for backends that copy it to a device; not to be changed. */
    public int[] queryOffsets() {
        return queryOffsets;
    }

    /** The array of {@link #keyOffset}, for backends that copy it to a device; not to be changed. */
    public int[] keyOffsets() {
        return keyOffsets;
    }

    /** The array of {@link #keyRow}, or null when key i is row i; not to be changed. */
    public int[] keyRows() {
        return keyRows;
    }

    /** First query row of a segment; for {@code segment == segments()} the end of the last. */
    public int queryOffset(int segment) {
        return queryOffsets[segment];
    }

    /** First key of a segment; for {@code segment == segments()} the end of the last. Its row is another matter. */
    public int keyOffset(int segment) {
        return keyOffsets[segment];
    }

    /** Row of a key in the matrices of keys and values. */
    public int keyRow(int key) {
        return keyRows == null ? key : keyRows[key];
    }

    /** True when the keys of a segment lie in adjoining rows, so that they are a matrix as they are. */
    public boolean keysAdjoin(int segment) {
        int from = keyOffsets[segment];
        int to = keyOffsets[segment + 1];
        return keyRows == null || from == to || keyRows[to - 1] - keyRows[from] == to - 1 - from;
    }

    /** End of the rows that any key lies in. */
    public int keyRowEnd() {
        return keyRowEnd;
    }
}
