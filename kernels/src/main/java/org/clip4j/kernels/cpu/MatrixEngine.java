package org.clip4j.kernels.cpu;

import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Tensor;

/** Multiplies matrices, each call on the calling thread alone. Thread-safe. */
public interface MatrixEngine {
    /** One line for people: library, version, instruction set. */
    String description();

    /** Memory that {@link MatrixLane#multiply} accepts. */
    MemoryAllocator allocator();

    /**
     * Makes weights known to the engine.
     *
     * @param weights contiguous, F32, in memory that the caller keeps: from {@link #allocator()}, direct, or mapped
     * @return the same memory, as {@link MatrixLane#multiply} accepts it
     */
    Tensor accept(Tensor weights);

    /** The state of one thread of one session. */
    MatrixLane newLane();
}
