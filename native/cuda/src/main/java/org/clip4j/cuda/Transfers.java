package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Tensor;

/**
 * The way of a session's inputs to the card and of its results to the host, through pinned memory. Operands are checked
 * by the session. Not thread-safe; closed by its session.
 */
final class Transfers implements AutoCloseable {
    private static final int DOWNLOAD_BYTES = 1 << 20;

    /** Pinned memory in front of a tensor. */
    private record Staged(Tensor target, MemoryAllocator.Block block, FloatBuffer floats) {}

    private final CudaContext session;
    private final CudaDevice cuda;
    private final CUstream_st stream;
    private final MemoryAllocator.Block downloads;
    private final FloatBuffer downloaded;
    private final IntBuffer downloadedNumbers;
    private final List<Staged> staged = new ArrayList<>();
    private final DeviceAddress from = new DeviceAddress();
    private final DeviceAddress to = new DeviceAddress();

    Transfers(CudaContext session, CudaDevice cuda, CUstream_st stream) {
        this.session = session;
        this.cuda = cuda;
        this.stream = stream;
        downloads = cuda.pinned().allocate(DOWNLOAD_BYTES);
        downloaded = downloads.bytes().asFloatBuffer();
        downloadedNumbers = downloads.bytes().asIntBuffer();
    }

    /** Pinned memory from which a tensor of the card is filled without a detour, always the same for all of it. */
    FloatBuffer staging(Tensor target) {
        return staged(target, target.elements()).floats();
    }

    @SuppressWarnings("ReferenceEquality") // each tensor has a staging of its own
    private Staged staged(Tensor target, int floats) {
        for (int i = 0; i < staged.size(); i++) {
            Staged known = staged.get(i);
            if (known.target() == target && known.floats().capacity() >= floats) {
                return known;
            }
            if (known.target() == target) {
                // Too small, so it was never handed out: that is done in full size.
                session.synchronize();
                staged.remove(i).block().release().run();
                break;
            }
        }
        MemoryAllocator.Block block = cuda.pinned().allocate(Math.multiplyExact(floats, Float.BYTES));
        Staged added = new Staged(target, block, block.bytes().asFloatBuffer());
        staged.add(added);
        return added;
    }

    /** Begins to copy values to a tensor of the card; what is not in its staging is put there first. */
    @SuppressWarnings("ReferenceEquality") // the staging itself, not memory with the same contents
    void upload(FloatBuffer source, int sourceIndex, Tensor target, int count) {
        Staged own = staged(target, count);
        int first = sourceIndex;
        if (source != own.floats()) {
            session.waitForWork();
            own.floats().put(0, source, sourceIndex, count);
            first = 0;
        }
        send(own.block().address() + (long) first * Float.BYTES, target.address(), (long) count * Float.BYTES);
    }

    /** Begins to copy pinned memory to the card. */
    void send(long pinned, long device, long bytes) {
        Status.runtime(cudaMemcpyAsync(to.at(device), from.at(pinned), bytes, cudaMemcpyHostToDevice, stream),
                "cudaMemcpyAsync");
    }

    /** Copies values of the card, and waits for them. */
    void download(Tensor source, FloatBuffer target, int targetIndex, int count) {
        int part = downloaded.capacity();
        for (int done = 0; done < count; done += part) {
            int floats = Math.min(part, count - done);
            downloadPart(source.address() + (long) done * Float.BYTES, floats * Float.BYTES);
            target.put(targetIndex + done, downloaded, 0, floats);
        }
    }

    /** The same for whole numbers. */
    void download(Tensor source, IntBuffer target, int targetIndex, int count) {
        int part = downloadedNumbers.capacity();
        for (int done = 0; done < count; done += part) {
            int numbers = Math.min(part, count - done);
            downloadPart(source.address() + (long) done * Integer.BYTES, numbers * Integer.BYTES);
            target.put(targetIndex + done, downloadedNumbers, 0, numbers);
        }
    }

    private void downloadPart(long address, int bytes) {
        Status.runtime(cudaMemcpyAsync(to.at(downloads.address()), from.at(address), bytes, cudaMemcpyDeviceToHost,
                stream), "cudaMemcpyAsync");
        session.synchronize();
    }

    @Override
    public void close() {
        staged.forEach(one -> one.block().release().run());
        downloads.release().run();
    }
}
