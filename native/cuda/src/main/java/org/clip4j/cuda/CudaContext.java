package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaErrorNotReady;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDeviceToHost;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyHostToDevice;
import static org.bytedeco.cuda.global.cudart.cudaStreamCreateWithFlags;
import static org.bytedeco.cuda.global.cudart.cudaStreamDestroy;
import static org.bytedeco.cuda.global.cudart.cudaStreamNonBlocking;
import static org.bytedeco.cuda.global.cudart.cudaStreamQuery;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;

/** A session's stream, its scratch memory on the card, its pinned memory, and the sequences that it has recorded. */
final class CudaContext implements ExecutionContext {
    /** What NVIDIA recommends for matrix products on Hopper cards (cuBLAS documentation, cublasSetWorkspace). */
    private static final long BLAS_WORKSPACE_BYTES = 32L << 20;
    private static final int DOWNLOAD_BYTES = 1 << 20;
    /** Recordings that a session keeps; a graph of a transformer takes about a megabyte. */
    private static final int MAX_RECORDINGS = 256;
    /** Sizes up to here are recorded as they are, larger ones rounded to so many steps per doubling. */
    private static final int EXACT_ROWS = 16;
    private static final int STEPS_PER_DOUBLING = 8;

    /** Pinned memory in front of a tensor. */
    private record Staged(Tensor target, MemoryAllocator.Block block, FloatBuffer floats) {}

    private final CudaBackend backend;
    private final CudaDevice cuda;
    private final CUstream_st stream = new CUstream_st();
    private final Launch launch;
    private final NumberStaging numbers;
    private final Pointer blasWorkspace;
    private final MemoryAllocator.Block downloads;
    private final FloatBuffer downloaded;
    private final IntBuffer downloadedNumbers;
    private final List<Staged> staged = new ArrayList<>();
    private final List<Pointer> scratches = new ArrayList<>();
    private final List<Recording> recordings = new ArrayList<>();
    private final DeviceAddress from = new DeviceAddress();
    private final DeviceAddress to = new DeviceAddress();
    /** Operands of matrix products. */
    final DeviceAddress a = new DeviceAddress();
    final DeviceAddress b = new DeviceAddress();
    final DeviceAddress c = new DeviceAddress();
    /** Arguments of a search. */
    final NearestCall nearest = new NearestCall();
    final FloatPointer one = new FloatPointer(1f);
    final FloatPointer zero = new FloatPointer(0f);
    private long scratchBytes;
    private Recording recording;
    private final List<int[]> counted = new ArrayList<>();
    private final List<Integer> countedSizes = new ArrayList<>();
    private boolean counting;
    private int numberBytes;
    private long calls;
    private boolean working;
    private boolean closed;

    CudaContext(CudaBackend backend, CudaDevice cuda) {
        this.backend = backend;
        this.cuda = cuda;
        cuda.makeCurrent();
        Status.runtime(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
        launch = new Launch(stream, backend.records() && cuda.info().startsEarly());
        numbers = new NumberStaging(cuda, stream);
        boolean complete = false;
        Pointer workspace = null;
        try {
            workspace = cuda.memory().allocate(BLAS_WORKSPACE_BYTES);
            downloads = cuda.pinned().allocate(DOWNLOAD_BYTES);
            complete = true;
        } finally {
            if (!complete) {
                if (workspace != null) {
                    cuda.memory().free(workspace);
                }
                launch.close();
                cudaStreamDestroy(stream);
            }
        }
        blasWorkspace = workspace;
        downloaded = downloads.bytes().asFloatBuffer();
        downloadedNumbers = downloads.bytes().asIntBuffer();
    }

    /** The context of an operation that begins; the calling thread's calls go to its card from now on. */
    static CudaContext of(ExecutionContext context) {
        CudaContext own = (CudaContext) context;
        own.enter();
        return own;
    }

    private void enter() {
        if (closed) {
            throw new IllegalStateException("the execution context is closed");
        }
        backend.requireOpen();
        cuda.makeCurrent();
    }

    CUstream_st stream() {
        return stream;
    }

    Pointer blasWorkspace() {
        return blasWorkspace;
    }

    long blasWorkspaceBytes() {
        return BLAS_WORKSPACE_BYTES;
    }

    /** True while operations are recorded: nothing may be measured or allocated then. */
    boolean isRecording() {
        return recording != null;
    }

    Launch launch(Kernel kernel) {
        return launch.of(kernel);
    }

    /** The first numbers of an array, as the kernels of this operation will find them on the card; always so many. */
    long numbers(int[] array, int count) {
        if (recording != null) {
            return recording.address(array, count);
        }
        count(array, count);
        return numbers.stage(array, count, this);
    }

    /** The first numbers of an array, of which a replay may have more or fewer: {@code counts[index]} of them. */
    long numbers(int[] array, int[] counts, int index) {
        if (recording != null) {
            return recording.address(array, counts, index);
        }
        count(array, array.length);
        return numbers.stage(array, counts[index], this);
    }

    /** Adds up what a recording of the sequence would reserve: each array of a size once. */
    private void count(int[] array, int count) {
        if (!counting) {
            return;
        }
        for (int i = 0; i < counted.size(); i++) {
            if (counted.get(i) == array && countedSizes.get(i) == count) {
                return;
            }
        }
        counted.add(array);
        countedSizes.add(count);
        numberBytes += NumberStaging.sizeBytes(count);
    }

    /**
     * Scratch memory for one operation, at least so many bytes. What was handed out before stays valid, since recordings
     * may use it.
     */
    long scratch(long bytes) {
        if (bytes > scratchBytes) {
            // Doubled, so that all former ones together are no larger.
            long grown = Math.max(bytes, Math.min(2 * scratchBytes, cuda.memory().freeBytes() / 2));
            scratches.add(cuda.memory().allocate(grown));
            scratchBytes = grown;
        }
        return scratches.get(scratches.size() - 1).address();
    }

    /** Ends an operation. */
    void launched() {
        working = true;
        if (backend.isSynchronous()) {
            synchronize();
        }
    }

    /** Waits for all that was launched. */
    void synchronize() {
        Status.runtime(cudaStreamSynchronize(stream), "cudaStreamSynchronize");
        working = false;
    }

    @Override
    public boolean isIdle() {
        enter();
        int status = working ? cudaStreamQuery(stream) : 0;
        if (status == cudaErrorNotReady) {
            return false;
        }
        Status.runtime(status, "cudaStreamQuery");
        return true;
    }

    @Override
    public int recordedRows(int rows, int maxRows) {
        if (!backend.records() || rows <= EXACT_ROWS) {
            return rows;
        }
        int step = Integer.highestOneBit(rows - 1) / STEPS_PER_DOUBLING;
        return Math.min(maxRows, (rows + step - 1) / step * step);
    }

    @Override
    public void replay(long key, Runnable operations) {
        enter();
        if (!backend.records()) {
            operations.run();
            return;
        }
        calls++;
        if (working) {
            // The arrays of the previous replay may still be on their way.
            synchronize();
        }
        Recording known = find(key);
        if (known == null) {
            // Runs once as it is: scratch memory grows, products are planned, and nothing of that may be recorded.
            numberBytes = 0;
            counting = true;
            try {
                operations.run();
            } finally {
                counting = false;
                counted.clear();
                countedSizes.clear();
            }
            remember(key, numberBytes);
        } else {
            if (!known.isRecorded()) {
                record(known, operations);
            }
            known.replay();
            known.lastUse = calls;
        }
        working = true;
    }

    private Recording find(long key) {
        for (int i = 0; i < recordings.size(); i++) {
            if (recordings.get(i).key() == key) {
                return recordings.get(i);
            }
        }
        return null;
    }

    private void remember(long key, int bytes) {
        if (recordings.size() == MAX_RECORDINGS) {
            synchronize();
            int oldest = 0;
            for (int i = 1; i < recordings.size(); i++) {
                oldest = recordings.get(i).lastUse < recordings.get(oldest).lastUse ? i : oldest;
            }
            recordings.remove(oldest).close();
        }
        Recording added = new Recording(key, numbers, stream, bytes);
        added.lastUse = calls;
        recordings.add(added);
    }

    private void record(Recording target, Runnable operations) {
        recording = target;
        try {
            target.record(operations);
        } finally {
            recording = null;
        }
    }

    @Override
    public FloatBuffer staging(Tensor target) {
        if (!target.isOnDevice()) {
            return target.floats();
        }
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
                synchronize();
                staged.remove(i).block().release().run();
                break;
            }
        }
        Operands.requireContiguous("target", target);
        requireF32("target", target);
        MemoryAllocator.Block block = cuda.pinned().allocate(Math.multiplyExact(floats, Float.BYTES));
        Staged added = new Staged(target, block, block.bytes().asFloatBuffer());
        staged.add(added);
        return added;
    }

    @Override
    @SuppressWarnings("ReferenceEquality") // the staging itself, not memory with the same contents
    public void upload(FloatBuffer source, int sourceIndex, Tensor target, int count) {
        enter();
        Operands.requireContiguous("target", target);
        requireF32("target", target);
        Objects.checkFromIndexSize(sourceIndex, count, source.limit());
        Objects.checkFromIndexSize(0, count, target.elements());
        if (!target.isOnDevice()) {
            target.floats().put(0, source, sourceIndex, count);
            return;
        }
        Staged own = staged(target, count);
        int first = sourceIndex;
        if (source != own.floats()) {
            if (working) {
                synchronize();
            }
            own.floats().put(0, source, sourceIndex, count);
            first = 0;
        }
        Status.runtime(cudaMemcpyAsync(to.at(target.address()),
                from.at(own.block().address() + (long) first * Float.BYTES), (long) count * Float.BYTES,
                cudaMemcpyHostToDevice, stream), "cudaMemcpyAsync");
        working = true;
    }

    @Override
    public void download(Tensor source, FloatBuffer target, int targetIndex, int count) {
        enter();
        Operands.requireContiguous("source", source);
        requireF32("source", source);
        Objects.checkFromIndexSize(targetIndex, count, target.limit());
        Objects.checkFromIndexSize(0, count, source.elements());
        if (!source.isOnDevice()) {
            synchronize();
            target.put(targetIndex, source.floats(), 0, count);
            return;
        }
        int part = downloaded.capacity();
        for (int done = 0; done < count; done += part) {
            int floats = Math.min(part, count - done);
            downloadPart(source.address() + (long) done * Float.BYTES, floats * Float.BYTES);
            target.put(targetIndex + done, downloaded, 0, floats);
        }
    }

    @Override
    public void download(Tensor source, IntBuffer target, int targetIndex, int count) {
        enter();
        if (!source.isOnDevice()) {
            synchronize();
            ExecutionContext.super.download(source, target, targetIndex, count);
            return;
        }
        Operands.requireNumbers("source", source, count);
        Objects.checkFromIndexSize(targetIndex, count, target.limit());
        int part = downloadedNumbers.capacity();
        for (int done = 0; done < count; done += part) {
            int numbersOfPart = Math.min(part, count - done);
            downloadPart(source.address() + (long) done * Integer.BYTES, numbersOfPart * Integer.BYTES);
            target.put(targetIndex + done, downloadedNumbers, 0, numbersOfPart);
        }
    }

    private void downloadPart(long address, int bytes) {
        Status.runtime(cudaMemcpyAsync(to.at(downloads.address()), from.at(address), bytes, cudaMemcpyDeviceToHost,
                stream), "cudaMemcpyAsync");
        synchronize();
    }

    private static void requireF32(String name, Tensor tensor) {
        if (tensor.dtype() != DType.F32) {
            throw new IllegalArgumentException("operand is not f32: name=" + name + " dtype=" + tensor.dtype());
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            cuda.makeCurrent();
            synchronize();
        } finally {
            recordings.forEach(Recording::close);
            numbers.close();
            launch.close();
            scratches.forEach(cuda.memory()::free);
            staged.forEach(one -> one.block().release().run());
            downloads.release().run();
            cuda.memory().free(blasWorkspace);
            one.close();
            zero.close();
            cudaStreamDestroy(stream);
        }
    }
}
