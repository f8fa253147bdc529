package org.clip4j.kernels;

/**
 * Rows of which the nearest to a query are found: those with the largest dot products, exactly, among all rows as they are
 * stored. Scores are never all written out, and a row's score does not depend on where it lies, so that equal rows have
 * equal scores.
 *
 * <p>Searching is for any number of sessions at a time; nobody may search while rows are set.
 */
public interface NearestRows {
    /** The most rows that can be asked for. */
    int MAX_NEAREST = 128;

    /** E, columns of a row. */
    int width();

    /** Rows that there is memory for. */
    int capacityRows();

    /** The type that rows are stored in: F32, F16 or BF16. */
    DType stored();

    /**
     * Stores rows, rounded to nearest even; returns when all sessions can see them. Not for the hot path.
     *
     * @param firstRow where the first of them goes
     * @param rows at least {@code count} rows of E columns, F32 or as they are stored, in the memory of this backend or of
     *        the host
     * @throws UnsupportedOperationException when the rows were there already: {@link Backend#nearestRows(Arena, RowBlocks)}
     */
    void set(ExecutionContext context, int firstRow, Tensor rows, int count);

    /**
     * Finds the k nearest of the first {@code rows} rows for each query: in descending order of their scores, and where
     * these are equal in ascending order of the rows. A score that is no number counts, and is given, as negative infinity.
     * Scores are within the usual error of a sum in f32.
     *
     * @param queries F32, at least {@code count} rows of E columns
     * @param rows at most {@link #capacityRows()}
     * @param k from 1 to {@value #MAX_NEAREST}, at most {@code rows}
     * @param scores F32, receives [count, k]
     * @param indices I32, receives [count, k], numbers of rows
     */
    void run(ExecutionContext context, Tensor queries, int count, int rows, int k, Tensor scores, Tensor indices);
}
