package org.clip4j.kernels.cpu;

/** Brings rows of a packed layer's input to the type that it computes in. Immutable, shared by all sessions. */
@FunctionalInterface
public interface RowConversion {
    /** Input in bytes is around this. */
    int ZERO_POINT = 128;

    /**
     * Converts some rows of {@link PackedCall#x} to {@link PackedCall#prepared}, on the calling thread. Allocates nothing.
     *
     * @param lane of the calling thread
     * @param fromRow inclusive
     * @param toRow exclusive
     */
    void run(CpuLane lane, PackedCall call, int fromRow, int toRow);

    /** Where rows of bytes begin in what is prepared, behind a scale for each, in whole cache lines. */
    static int firstByte(int rows) {
        return (rows + 15) / 16 * 16 * Float.BYTES;
    }
}
