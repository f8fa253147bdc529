package org.clip4j.kernels;

import java.nio.ByteBuffer;

/**
 * Where arenas get their memory from. A native module offers one that lies outside the JVM's direct-memory limit; the
 * JDK's own is {@link #JDK}. Thread-safe.
 */
@FunctionalInterface
public interface MemoryAllocator {
    /** Alignment of every block in bytes: one cache line, and one AVX-512 register. */
    int ALIGNMENT_BYTES = 64;

    /** Direct buffers, which count against {@code -XX:MaxDirectMemorySize} and are freed when unreachable. */
    MemoryAllocator JDK = sizeBytes -> {
        ByteBuffer whole = ByteBuffer.allocateDirect(Math.addExact(sizeBytes, ALIGNMENT_BYTES));
        int skipped = Math.floorMod(-whole.alignmentOffset(0, ALIGNMENT_BYTES), ALIGNMENT_BYTES);
        return new Block(whole.slice(skipped, sizeBytes), Tensor.NO_ADDRESS, () -> {});
    };

    /**
     * A zeroed, aligned block.
     *
     * @throws OutOfMemoryError when there is no such block
     */
    Block allocate(int sizeBytes);

    /** Whether the blocks lie in a device's memory, and have no bytes. */
    default boolean isOnDevice() {
        return false;
    }

    /** Bytes that are left, as far as is known; {@link Long#MAX_VALUE} when it is not. */
    default long freeBytes() {
        return Long.MAX_VALUE;
    }

    /** An allocator whose blocks a device and the host both reach, for results; this one where the host reaches all. */
    default MemoryAllocator shared() {
        return this;
    }

    /**
     * A block of memory and what frees it.
     *
     * @param bytes the memory; null when it is a device's
     * @param address its native address, or {@link Tensor#NO_ADDRESS}
     * @param release frees it; called once
     */
    record Block(ByteBuffer bytes, long address, Runnable release) {}
}
