package org.clip4j.kernels;

import java.nio.FloatBuffer;

/**
 * What one session needs to run operations: scratch memory, and per thread whatever its backend keeps there. Scratch
 * grows to the largest call seen and stays. Used by one thread at a time; closed by its session.
 */
public interface ExecutionContext extends AutoCloseable {
    /**
     * Copies caller's values to a tensor of the workspace.
     *
     * @param source direct or heap buffer; read from {@code sourceIndex} on, position and limit are not changed
     * @throws IndexOutOfBoundsException when either has fewer values
     * @throws IllegalArgumentException when the target is a view of some columns
     */
    void upload(FloatBuffer source, int sourceIndex, Tensor target, int count);

    /**
     * Copies the first values of a tensor of the workspace to the caller; the counterpart of {@link #upload}.
     *
     * @throws IndexOutOfBoundsException when either has fewer values
     * @throws IllegalArgumentException when the source is a view of some columns
     */
    void download(Tensor source, FloatBuffer target, int targetIndex, int count);

    @Override
    void close();
}
