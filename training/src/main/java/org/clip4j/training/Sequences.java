package org.clip4j.training;

/**
 * The sequences that the rows of a chunk fall into: sequence s has rows {@code offsets[s]} to {@code offsets[s + 1]}, of
 * which one is pooled. Belongs to one tower, which fills it before a forward pass.
 */
final class Sequences {
    private final int[] offsets;
    private final int[] pooledRows;
    private final int[] pooledOffsets;
    private final int[] allRows;
    private int count;

    Sequences(int maxSequences, int maxRows) {
        offsets = new int[maxSequences + 1];
        pooledRows = new int[maxSequences];
        pooledOffsets = ascending(maxSequences + 1);
        allRows = ascending(maxRows);
    }

    private static int[] ascending(int length) {
        int[] numbers = new int[length];
        for (int i = 0; i < length; i++) {
            numbers[i] = i;
        }
        return numbers;
    }

    void clear() {
        count = 0;
    }

    /** Appends a sequence; {@code pooled} is counted from its own start. */
    void add(int length, int pooled) {
        pooledRows[count] = offsets[count] + pooled;
        offsets[count + 1] = offsets[count] + length;
        count++;
    }

    int count() {
        return count;
    }

    int rows() {
        return offsets[count];
    }

    int[] offsets() {
        return offsets;
    }

    /** One row per sequence. */
    int[] pooledRows() {
        return pooledRows;
    }

    /** 0, 1, 2...: one pooled query per sequence. */
    int[] pooledOffsets() {
        return pooledOffsets;
    }

    /** 0, 1, 2...: all rows. */
    int[] allRows() {
        return allRows;
    }
}
