package org.clip4j.kernels.cpu;

import java.nio.ByteBuffer;
import org.clip4j.kernels.Tensor;

/**
 * Arguments of a search beyond those of other operations, and where the lists lie that parts of the rows come to:
 * [parts, queries, k] keys, largest first. An object that a session reuses; lanes only read it.
 */
final class NearestCall {
    int firstQuery;
    int queries;
    int rows;
    int k;
    Tensor indices;
    int parts;
    private ByteBuffer lists;
    private long listsAddress;

    void set(int newFirstQuery, int newQueries, int newRows, int newK, Tensor newIndices) {
        firstQuery = newFirstQuery;
        queries = newQueries;
        rows = newRows;
        k = newK;
        indices = newIndices;
    }

    /** Scratch that the lists need. */
    int listFloats(int newParts) {
        return Math.multiplyExact(newParts, queries * k * (Long.BYTES / Float.BYTES));
    }

    void lists(Tensor scratch, int newParts) {
        lists = scratch.bytes();
        listsAddress = scratch.address();
        parts = newParts;
    }

    private int at(int part, int query, int place) {
        return ((part * queries + query) * k + place) * Long.BYTES;
    }

    /** Native address of the lists of a part. */
    long keysAddress(int part) {
        return listsAddress + (long) at(part, 0, 0);
    }

    long key(int part, int query, int place) {
        return lists.getLong(at(part, query, place));
    }

    void key(int part, int query, int place, long key) {
        lists.putLong(at(part, query, place), key);
    }
}
