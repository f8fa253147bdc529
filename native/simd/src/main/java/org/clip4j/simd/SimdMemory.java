package org.clip4j.simd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.MemoryAllocator;

/**
 * Large blocks in huge pages, where the system grants them, small ones from the C library; not counted by
 * {@code -XX:MaxDirectMemorySize}. Thread-safe.
 */
final class SimdMemory implements MemoryAllocator {
    /** From here on a huge page is worth its alignment. */
    private static final int LARGE_BYTES = 4 << 20;
    /** The largest page of a system that clip4j runs on. */
    private static final int PAGE_BYTES = 64 << 10;

    private final NativeMemory small = new NativeMemory();

    @Override
    public Block allocate(int sizeBytes) {
        if (sizeBytes < LARGE_BYTES) {
            return small.allocate(sizeBytes);
        }
        long mappedBytes = ((long) sizeBytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES;
        long address = SimdLibrary.map(mappedBytes);
        if (address == 0) {
            return small.allocate(sizeBytes);
        }
        ByteBuffer bytes;
        try {
            bytes = SimdLibrary.buffer(address, sizeBytes).order(ByteOrder.nativeOrder());
        } catch (OutOfMemoryError e) {
            SimdLibrary.unmap(address, mappedBytes);
            throw e;
        }
        return new Block(bytes, address, () -> SimdLibrary.unmap(address, mappedBytes));
    }
}
