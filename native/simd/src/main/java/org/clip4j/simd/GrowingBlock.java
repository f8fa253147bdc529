package org.clip4j.simd;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.clip4j.kernels.MemoryAllocator;

/** Native memory that is allocated anew when more is asked for than ever before. One thread. */
final class GrowingBlock implements AutoCloseable {
    private final MemoryAllocator allocator;
    private MemoryAllocator.Block block;
    private ByteBuffer bytes;

    GrowingBlock(MemoryAllocator allocator) {
        this.allocator = allocator;
    }

    /** Address of at least this many bytes; what was there before may be lost. */
    long reserve(long sizeBytes) {
        if (bytes == null || bytes.capacity() < sizeBytes) {
            close();
            block = allocator.allocate(Math.toIntExact(sizeBytes));
            bytes = block.bytes().order(ByteOrder.nativeOrder());
        }
        return block.address();
    }

    /** The bytes at the address, in native order; reserved before. */
    ByteBuffer bytes() {
        return bytes;
    }

    @Override
    public void close() {
        if (block != null) {
            MemoryAllocator.Block once = block;
            block = null;
            bytes = null;
            once.release().run();
        }
    }
}
