package org.clip4j.kernels;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Owns off-heap memory and frees all of it at once. Tensors allocated here are views that must not be used after
 * {@link #close()}.
 *
 * <p>A model has one for its packed weights, a session one for its activations. Not thread-safe; closing twice is
 * harmless.
 */
public final class Arena implements AutoCloseable {
    /** Small tensors share blocks of this size, so that a model has dozens of blocks and not hundreds. */
    private static final int SHARED_BLOCK_BYTES = 1 << 20;

    private final MemoryAllocator allocator;
    /** Floats that a copy takes at a time. */
    private static final int COPIED_FLOATS = 4096;

    private final List<MemoryAllocator.Block> blocks = new ArrayList<>();
    private MemoryAllocator.Block shared;
    private int sharedUsedBytes;
    private long sizeBytes;
    private boolean closed;

    /** An empty arena over an allocator, which must outlive it. */
    public Arena(MemoryAllocator allocator) {
        this.allocator = allocator;
    }

    /**
     * A zeroed tensor, its first element aligned to {@link MemoryAllocator#ALIGNMENT_BYTES}.
     *
     * @throws IllegalStateException after close
     * @throws ArithmeticException when one tensor would be 2 GB or larger
     * @throws OutOfMemoryError when the allocator has no more
     */
    public Tensor allocate(DType dtype, int... shape) {
        if (closed) {
            throw new IllegalStateException("the arena is closed");
        }
        long tensorBytes = Tensor.sizeBytes(dtype, shape);
        if (tensorBytes > Integer.MAX_VALUE - MemoryAllocator.ALIGNMENT_BYTES) {
            throw new ArithmeticException("tensor is too large: shape=" + Arrays.toString(shape) + " dtype=" + dtype
                    + " sizeBytes=" + tensorBytes + " limit=2 GB; choose a smaller batch");
        }
        int wantedBytes = (int) tensorBytes;
        int alignedBytes = Math.toIntExact(((long) wantedBytes + MemoryAllocator.ALIGNMENT_BYTES - 1)
                / MemoryAllocator.ALIGNMENT_BYTES * MemoryAllocator.ALIGNMENT_BYTES);
        if (alignedBytes >= SHARED_BLOCK_BYTES) {
            return tensor(newBlock(alignedBytes), 0, wantedBytes, dtype, shape);
        }
        if (shared == null || sharedUsedBytes + alignedBytes > SHARED_BLOCK_BYTES) {
            shared = newBlock(SHARED_BLOCK_BYTES);
            sharedUsedBytes = 0;
        }
        Tensor tensor = tensor(shared, sharedUsedBytes, wantedBytes, dtype, shape);
        sharedUsedBytes += alignedBytes;
        return tensor;
    }

    /**
     * A zeroed tensor that the host can read, whatever the arena's memory is: for results that are few and go to the caller.
     * A device writes it slower than its own memory.
     */
    public Tensor allocateShared(DType dtype, int... shape) {
        if (!allocator.isOnDevice()) {
            return allocate(dtype, shape);
        }
        if (closed) {
            throw new IllegalStateException("the arena is closed");
        }
        int wantedBytes = Math.toIntExact(Tensor.sizeBytes(dtype, shape));
        return tensor(newBlock(allocator.shared(), wantedBytes), 0, wantedBytes, dtype, shape);
    }

    private MemoryAllocator.Block newBlock(int blockBytes) {
        return newBlock(allocator, blockBytes);
    }

    private MemoryAllocator.Block newBlock(MemoryAllocator from, int blockBytes) {
        MemoryAllocator.Block block = from.allocate(blockBytes);
        blocks.add(block);
        sizeBytes += blockBytes;
        return block;
    }

    private static Tensor tensor(MemoryAllocator.Block block, int at, int length, DType dtype, int[] shape) {
        if (block.bytes() == null) {
            return Tensor.onDevice(dtype, block.address() + at, shape);
        }
        ByteBuffer part = block.bytes().slice(at, length);
        return Tensor.of(part, dtype, block.address() == Tensor.NO_ADDRESS ? Tensor.NO_ADDRESS : block.address() + at,
                shape);
    }

    /**
     * A copy as F32, in an arena of the host's memory.
     *
     * @param tensor contiguous
     */
    public Tensor copyAsF32(Tensor tensor) {
        Operands.requireContiguous("tensor", tensor);
        Tensor copy = allocate(DType.F32, tensor.shape());
        float[] stretch = new float[Math.min(COPIED_FLOATS, tensor.elements())];
        for (int at = 0; at < tensor.elements(); at += stretch.length) {
            int count = Math.min(stretch.length, tensor.elements() - at);
            tensor.read(at, stretch, 0, count);
            copy.floats().put(at, stretch, 0, count);
        }
        return copy;
    }

    /** Whether the tensors lie in a device's memory, and have no bytes. */
    public boolean isOnDevice() {
        return allocator.isOnDevice();
    }

    /** Bytes that the allocator has left, as far as is known; {@link Long#MAX_VALUE} when it is not. */
    public long freeBytes() {
        return allocator.freeBytes();
    }

    /** Bytes taken from the allocator. */
    public long sizeBytes() {
        return sizeBytes;
    }

    /** Frees every tensor. */
    @Override
    public void close() {
        closed = true;
        shared = null;
        blocks.forEach(block -> block.release().run());
        blocks.clear();
    }
}
