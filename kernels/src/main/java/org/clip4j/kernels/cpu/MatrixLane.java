package org.clip4j.kernels.cpu;

/** The matrix products of one thread; holds what the engine reuses between calls. Not thread-safe. */
public interface MatrixLane extends AutoCloseable {
    /** C = A * B, either of them transposed or not, or the same added to C. Allocates nothing. */
    void multiply(MatrixProduct product);

    @Override
    void close();
}
