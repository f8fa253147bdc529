package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaErrorMemoryAllocation;
import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaGetLastError;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;
import static org.bytedeco.cuda.global.cudart.cudaMemGetInfo;
import static org.bytedeco.cuda.global.cudart.cudaMemset;
import static org.bytedeco.cuda.global.cudart.cudaSetDevice;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.SizeTPointer;
import org.clip4j.kernels.MemoryAllocator;

/** Memory of a card. Thread-safe. */
final class DeviceMemory implements MemoryAllocator {
    private final int device;
    private final PinnedMemory pinned;

    DeviceMemory(int device, PinnedMemory pinned) {
        this.device = device;
        this.pinned = pinned;
    }

    @Override
    public MemoryAllocator shared() {
        return pinned;
    }

    @Override
    public boolean isOnDevice() {
        return true;
    }

    @Override
    public Block allocate(int sizeBytes) {
        Pointer memory = allocate((long) sizeBytes);
        return new Block(null, memory.address(), () -> free(memory));
    }

    /** A zeroed block of any size. */
    Pointer allocate(long sizeBytes) {
        Status.runtime(cudaSetDevice(device), "cudaSetDevice");
        Pointer memory = new Pointer();
        int status = cudaMalloc(memory, sizeBytes);
        if (status == cudaErrorMemoryAllocation) {
            cudaGetLastError();
            throw outOfMemory(sizeBytes);
        }
        if (status != 0) {
            throw Status.failure(status, "cudaMalloc", "sizeBytes=" + sizeBytes);
        }
        boolean complete = false;
        try {
            Status.runtime(cudaMemset(memory, 0, sizeBytes), "cudaMemset");
            // The streams of sessions do not wait for the default one, which zeroes. Not for the device: another
            // session may be recording, and must not be waited for.
            Status.runtime(cudaStreamSynchronize((CUstream_st) null), "cudaStreamSynchronize");
            complete = true;
        } finally {
            if (!complete) {
                free(memory);
            }
        }
        return memory;
    }

    private OutOfMemoryError outOfMemory(long sizeBytes) {
        return new OutOfMemoryError("the card has no such block of memory: device=cuda:" + device + " sizeBytes="
                + sizeBytes + " freeBytes=" + freeBytes()
                + "; choose a smaller batch or precision f16, or close other sessions");
    }

    @Override
    public long freeBytes() {
        Status.runtime(cudaSetDevice(device), "cudaSetDevice");
        try (SizeTPointer free = new SizeTPointer(1); SizeTPointer total = new SizeTPointer(1)) {
            Status.runtime(cudaMemGetInfo(free, total), "cudaMemGetInfo");
            return free.get();
        }
    }

    /** Frees a block. What a card that is lost says of it does not matter any more. */
    void free(Pointer memory) {
        cudaSetDevice(device);
        cudaFree(memory);
    }
}
