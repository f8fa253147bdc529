package org.clip4j.cuda;

import org.clip4j.kernels.Tensor;

/** Some queries of a search, as kernels are told of them; an object that a session reuses. */
final class NearestCall {
    long queries;
    int queryStride;
    int count;
    int rows;
    int k;
    long scores;
    int scoreStride;
    long indices;
    int indexStride;

    /** Sets all: queries {@code first} to {@code first + newCount} of the operands. */
    NearestCall of(Tensor newQueries, int first, int newCount, int newRows, int newK, Tensor newScores,
            Tensor newIndices) {
        queryStride = newQueries.rowStride();
        queries = newQueries.address() + (long) first * queryStride * Float.BYTES;
        count = newCount;
        rows = newRows;
        k = newK;
        scoreStride = newScores.rowStride();
        scores = newScores.address() + (long) first * scoreStride * Float.BYTES;
        indexStride = newIndices.rowStride();
        indices = newIndices.address() + (long) first * indexStride * Integer.BYTES;
        return this;
    }
}
