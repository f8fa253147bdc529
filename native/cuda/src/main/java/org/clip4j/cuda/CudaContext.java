package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaErrorNotReady;
import static org.bytedeco.cuda.global.cudart.cudaLaunchHostFunc;
import static org.bytedeco.cuda.global.cudart.cudaMemsetAsync;
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
import java.util.Optional;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.FloatPointer;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TensorResampler;

/** A session's stream and its scratch memory on the card; its transfers and recordings are classes of their own. */
final class CudaContext implements ExecutionContext {
    /** What NVIDIA recommends for matrix products on Hopper cards (cuBLAS documentation, cublasSetWorkspace). */
    private static final long BLAS_WORKSPACE_BYTES = 32L << 20;
    /** Sizes up to here are recorded as they are, larger ones rounded to so many steps per doubling. */
    private static final int EXACT_ROWS = 16;
    private static final int STEPS_PER_DOUBLING = 8;
    /** Where scratch memory lies in a rehearsal; nothing is read or written there. */
    private static final long NOWHERE = 1L << 20;

    private final CudaBackend backend;
    private final CudaDevice cuda;
    private final CUstream_st stream = new CUstream_st();
    private final Launch launch;
    private final Recordings recordings;
    private final Transfers transfers;
    private final Pointer blasWorkspace;
    private final List<Pointer> scratches = new ArrayList<>();
    private final List<CompletionCallback> callbacks = new ArrayList<>();
    private CudnnHandle cudnn; // null until it is asked for
    private boolean cudnnFailed;
    /** Operands of matrix products. */
    final DeviceAddress a = new DeviceAddress();
    final DeviceAddress b = new DeviceAddress();
    final DeviceAddress c = new DeviceAddress();
    private final DeviceAddress cleared = new DeviceAddress();
    /** Arguments of a search. */
    final NearestCall nearest = new NearestCall();
    final FloatPointer one = new FloatPointer(1f);
    final FloatPointer zero = new FloatPointer(0f);
    private long scratchBytes;
    /** The most that operations of a rehearsal asked for at a time. */
    private long rehearsedBytes;
    private boolean rehearsing;
    private boolean working;
    private boolean closed;

    CudaContext(CudaBackend backend, CudaDevice cuda) {
        this.backend = backend;
        this.cuda = cuda;
        cuda.makeCurrent();
        Status.runtime(cudaStreamCreateWithFlags(stream, cudaStreamNonBlocking), "cudaStreamCreateWithFlags");
        launch = new Launch(stream, backend.records() && cuda.info().startsEarly());
        recordings = new Recordings(this, cuda, stream);
        boolean complete = false;
        Pointer workspace = null;
        try {
            workspace = cuda.memory().allocate(BLAS_WORKSPACE_BYTES);
            transfers = new Transfers(this, cuda, stream);
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
    }

    /** The context of an operation that begins; the calling thread's calls go to its card from now on. */
    static CudaContext of(ExecutionContext context) {
        CudaContext own = (CudaContext) context;
        own.enter();
        own.recordings.beginOperation();
        return own;
    }

    private void enter() {
        if (closed) {
            throw new IllegalStateException("the execution context is closed");
        }
        backend.requireOpen();
        cuda.makeCurrent();
    }

    /**
     * For what is launched by others than {@link #launch}.
     *
     * @throws IllegalStateException in a rehearsal, where nothing is
     */
    CUstream_st stream() {
        if (rehearsing) {
            throw new IllegalStateException("an operation launches something in a rehearsal");
        }
        return stream;
    }

    Pointer blasWorkspace() {
        return blasWorkspace;
    }

    long blasWorkspaceBytes() {
        return BLAS_WORKSPACE_BYTES;
    }

    /** The session's handle of cuDNN, made when it is first asked for; null where that was not possible. */
    CudnnHandle cudnn() {
        if (cudnn == null && !cudnnFailed) {
            cudnnFailed = true;
            try {
                cudnn = new CudnnHandle(stream);
                cudnnFailed = false;
            } catch (CudaException e) {
                backend.tellDetour("a session goes without cuDNN", cuda.info().toString(), e);
            }
        }
        return cudnn;
    }

    /** Whether that has been tried and was not possible. */
    boolean lacksCudnn() {
        return cudnnFailed;
    }

    /** True while operations are recorded: nothing may be measured or allocated then. */
    boolean isRecording() {
        return recordings.isRecording();
    }

    /** True while operations only tell how much memory they take: nothing is launched, and operands have none. */
    boolean isRehearsing() {
        return rehearsing;
    }

    /** A launch on the session's stream; in a rehearsal it does nothing. */
    Launch launch(Kernel kernel) {
        return launch.of(kernel);
    }

    /** See {@link Recordings#numbers(int[], int)}. */
    long numbers(int[] array, int count) {
        return recordings.numbers(array, count);
    }

    /** See {@link Recordings#numbers(int[], int[], int)}. */
    long numbers(int[] array, int[] counts, int index) {
        return recordings.numbers(array, counts, index);
    }

    /**
     * Scratch memory for one operation, at least so many bytes. What was handed out before stays valid, since
     * recordings may use it.
     */
    long scratch(long bytes) {
        if (rehearsing) {
            rehearsedBytes = Math.max(rehearsedBytes, bytes);
            return NOWHERE;
        }
        if (bytes > scratchBytes) {
            // Doubled, so that all former ones together are no larger.
            grow(Math.max(bytes, Math.min(2 * scratchBytes, cuda.memory().freeBytes() / 2)));
        }
        return scratches.get(scratches.size() - 1).address();
    }

    private void grow(long bytes) {
        scratches.add(cuda.memory().allocate(bytes));
        scratchBytes = bytes;
    }

    @Override
    public long scratchBytes(Runnable operations) {
        rehearse(operations);
        return Math.addExact(rehearsedBytes > scratchBytes ? rehearsedBytes : 0, recordings.lackingBytes());
    }

    @Override
    public void reserve(Runnable operations) {
        rehearse(operations);
        if (rehearsedBytes > scratchBytes) {
            grow(rehearsedBytes);
        }
        recordings.reserve();
    }

    /** Finds out what operations take by having them do all but launch. */
    private void rehearse(Runnable operations) {
        enter();
        rehearsedBytes = 0;
        rehearsing = true;
        launch.mute(true);
        try {
            recordings.rehearse(operations);
        } finally {
            launch.mute(false);
            rehearsing = false;
        }
    }

    /** Ends an operation. */
    void launched() {
        if (rehearsing) {
            return;
        }
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

    /** The same, unless nothing was launched since. */
    void waitForWork() {
        if (working) {
            synchronize();
        }
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
    public Runnable completion(Runnable handler) {
        enter();
        CompletionCallback callback = new CompletionCallback(handler);
        callbacks.add(callback);
        return () -> {
            enter();
            Status.runtime(cudaLaunchHostFunc(stream, callback, null), "cudaLaunchHostFunc");
            working = true;
        };
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
    public Optional<TensorResampler> openResampler(int size, float[] levels) {
        enter();
        return Optional.of(new CudaResampler(this, cuda, size, levels));
    }

    /** Begins to fill memory of the card with zeros, for the launches that follow. */
    void clear(long device, long bytes) {
        if (rehearsing) {
            return;
        }
        Status.runtime(cudaMemsetAsync(cleared.at(device), 0, bytes, stream), "cudaMemsetAsync");
    }

    /** Begins to copy pinned memory to the card. */
    void send(long pinned, long device, long bytes) {
        transfers.send(pinned, device, bytes);
        working = true;
    }

    @Override
    public void replay(long key, Runnable operations) {
        enter();
        if (!backend.records()) {
            operations.run();
            return;
        }
        // The arrays of the previous replay may still be on their way.
        waitForWork();
        recordings.replay(key, operations);
        working = true;
    }

    @Override
    public FloatBuffer staging(Tensor target) {
        if (!target.isOnDevice()) {
            return target.floats();
        }
        Operands.requireContiguous("target", target);
        requireF32("target", target);
        return transfers.staging(target);
    }

    @Override
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
        transfers.upload(source, sourceIndex, target, count);
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
        transfers.download(source, target, targetIndex, count);
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
        transfers.download(source, target, targetIndex, count);
    }

    static void requireF32(String name, Tensor tensor) {
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
            recordings.close();
            launch.close();
            scratches.forEach(cuda.memory()::free);
            transfers.close();
            cuda.memory().free(blasWorkspace);
            callbacks.forEach(CompletionCallback::close);
            if (cudnn != null) {
                cudnn.close();
            }
            one.close();
            zero.close();
            cudaStreamDestroy(stream);
        }
    }
}
