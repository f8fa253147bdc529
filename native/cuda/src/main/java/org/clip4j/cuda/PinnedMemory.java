package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaErrorMemoryAllocation;
import static org.bytedeco.cuda.global.cudart.cudaFreeHost;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaHostAlloc;
import static org.bytedeco.cuda.global.cudart.cudaHostAllocMapped;
import static org.bytedeco.cuda.global.cudart.cudaSetDevice;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.MemoryAllocator;

/**
 * Memory of the host that the card reaches at the same address: what is copied to the card without a detour, and,
 * slowly, what kernels can work on directly. Thread-safe.
 */
final class PinnedMemory implements MemoryAllocator {
    private final int device;

    PinnedMemory(int device) {
        this.device = device;
    }

    @Override
    public Block allocate(int sizeBytes) {
        Status.runtime(cudaSetDevice(device), "cudaSetDevice");
        Pointer memory = new Pointer();
        int status = cudaHostAlloc(memory, sizeBytes, cudaHostAllocMapped);
        if (status == cudaErrorMemoryAllocation) {
            cudaGetLastError();
            throw new OutOfMemoryError("the host has no such block of pinned memory: sizeBytes=" + sizeBytes
                    + "; choose a smaller batch, or raise the limit of locked memory");
        }
        if (status != 0) {
            throw Status.failure(status, "cudaHostAlloc", "sizeBytes=" + sizeBytes);
        }
        BytePointer block = new BytePointer(memory).capacity(sizeBytes);
        block.zero();
        ByteBuffer bytes = block.asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        return new Block(bytes, memory.address(), () -> free(memory));
    }

    /** What a card that is lost says of it does not matter any more. */
    private void free(Pointer memory) {
        cudaSetDevice(device);
        cudaFreeHost(memory);
    }
}
