package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Tensor;

/**
 * Passes rows by queries and keeps the k nearest of each, on the calling thread: what a native module does in place of the
 * engine's products and {@link NearestLane}. Scores and their order are the same to the last bit, {@link RowMath#dot}
 * rounded to f32. Thread-safe; operands have been checked.
 */
public interface NearestScan {
    /** The rows with their native address; their memory is direct or mapped. */
    Tensor accept(Tensor rows);

    /** Floats of scratch that a pass takes. */
    int scratchFloats(int queries, int width);

    /** Empties the lists of a pass, and prepares its queries. */
    void begin(NearestPass pass);

    /**
     * Looks at some rows. Allocates nothing.
     *
     * @param block that {@link #accept} has answered: F32, F16 or BF16, contiguous
     * @param rowInBlock the first of them
     * @param row its number in the results
     * @param count of them
     */
    void run(NearestPass pass, Tensor block, int rowInBlock, int row, int count);
}
