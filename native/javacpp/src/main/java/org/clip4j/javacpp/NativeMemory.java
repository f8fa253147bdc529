package org.clip4j.javacpp;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Tensor;

/**
 * Memory from the C library: not counted by {@code -XX:MaxDirectMemorySize}, freed when its arena is closed, with a known
 * address. Thread-safe. The libraries must have been {@linkplain NativeLibraries#load loaded} before.
 */
public final class NativeMemory implements MemoryAllocator {
    @Override
    public Block allocate(int sizeBytes) {
        Pointer whole = Pointer.calloc(1, (long) sizeBytes + ALIGNMENT_BYTES);
        if (whole == null || whole.isNull()) {
            throw new OutOfMemoryError("cannot allocate native memory: sizeBytes=" + sizeBytes);
        }
        long aligned = (whole.address() + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
        int skipped = (int) (aligned - whole.address());
        // Ends where the block does: with all that was allocated, the largest block would be longer than an int counts.
        ByteBuffer bytes = new BytePointer(whole).capacity((long) skipped + sizeBytes).asByteBuffer();
        return new Block(bytes.slice(skipped, sizeBytes), aligned, () -> Pointer.free(whole));
    }

    /** The tensor with its address, found out through JNI when it is not known; its memory must be direct or mapped. */
    public static Tensor withAddress(Tensor tensor) {
        if (tensor.address() != Tensor.NO_ADDRESS) {
            return tensor;
        }
        ByteBuffer start = tensor.bytes().duplicate().clear();
        if (!start.isDirect()) {
            throw new IllegalArgumentException("a native backend needs direct or mapped memory: tensor=" + tensor);
        }
        // The pointer neither copies nor owns; the tensor keeps the buffer alive.
        return tensor.withAddress(new BytePointer(start).address());
    }
}
