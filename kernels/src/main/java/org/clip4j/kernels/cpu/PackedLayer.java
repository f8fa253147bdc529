package org.clip4j.kernels.cpu;

import org.clip4j.kernels.PackedWeights;

/**
 * A linear layer as its engine has packed it, with bias and activation: computed in parts of its columns, each on the
 * calling thread alone. Immutable, shared by all sessions.
 */
public interface PackedLayer {
    /** K, columns of the input. */
    int inFeatures();

    /** N, columns of the output. */
    int outFeatures();

    /** Parts of the columns, each with weights of its own; does not depend on the rows. */
    int parts();

    /** What {@link MatrixEngine#adopt} makes the same layer of. */
    PackedWeights packed();

    /** Floats of scratch that a call needs for its input in another type; 0 when it takes the input as it is. */
    int preparedFloats(int rows);

    /** Converts a share of the input's rows; called for all of them before {@link #run}. Allocates nothing. */
    void prepare(CpuLane lane, PackedCall call, int fromRow, int toRow);

    /** Computes one part of the columns for a share of the rows. Allocates nothing once the row counts are known. */
    void run(CpuLane lane, PackedCall call, int part, int fromRow, int toRow);
}
