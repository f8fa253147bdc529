package org.clip4j.kernels;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Objects;
import java.util.Optional;

/**
 * What one session needs to run operations: scratch memory, and per thread whatever its backend keeps there. Scratch
 * grows to the largest call seen and stays. Used by one thread at a time; closed by its session.
 */
public interface ExecutionContext extends AutoCloseable {
    /**
     * Copies caller's values to a tensor of the workspace.
     *
     * @param source direct or heap buffer; read from {@code sourceIndex} on, position and limit are not changed
     * @throws IndexOutOfBoundsException when either has fewer values
     * @throws IllegalArgumentException when the target is a view of some columns, or is not F32
     */
    void upload(FloatBuffer source, int sourceIndex, Tensor target, int count);

    /**
     * Host memory from which {@link #upload} into a tensor is fastest: the tensor's own where the host can reach it, so
     * that nothing is copied at all. Belongs to the context; the same buffer for the same tensor.
     *
     * @param target contiguous, F32
     */
    default FloatBuffer staging(Tensor target) {
        return target.floats();
    }

    /**
     * Copies the first values of a tensor of the workspace to the caller; the counterpart of {@link #upload}. Waits for the
     * operations that were run before.
     *
     * @throws IndexOutOfBoundsException when either has fewer values
     * @throws IllegalArgumentException when the source is a view of some columns, or is not F32
     */
    void download(Tensor source, FloatBuffer target, int targetIndex, int count);

    /**
     * The same for whole numbers.
     *
     * @param source contiguous, I32
     * @throws IndexOutOfBoundsException when either has fewer values
     * @throws IllegalArgumentException when the source is a view of some columns, or is not I32
     */
    default void download(Tensor source, IntBuffer target, int targetIndex, int count) {
        Operands.requireNumbers("source", source, count);
        Objects.checkFromIndexSize(targetIndex, count, target.limit());
        for (int i = 0; i < count; i++) {
            target.put(targetIndex + i, source.bytes().getInt(i * Integer.BYTES));
        }
    }

    /** Whether all operations that were run have ended, without waiting for them. */
    default boolean isIdle() {
        return true;
    }

    /**
     * Prepares to be told when work is done. Running what is returned asks for one call of the handler, once all operations
     * have ended that were run before: at once where they end before they return, later on a thread of the device's driver
     * elsewhere. Belongs to the context, and allocates nothing when it is run.
     *
     * <p>On the driver's thread a handler may not use any context or tensor, holds up the operations that are run after it,
     * and is not called when the device is lost.
     *
     * @throws IllegalStateException when the device has no more handlers
     */
    default Runnable completion(Runnable handler) {
        return handler;
    }

    /**
     * Runs a sequence of operations that is the same at every call with the same key: the same operations on the same
     * tensors, with the same numbers of rows. Arrays of numbers are the same objects of other contents; where the contents
     * of one say how many of another are in use ({@link AttentionInput#keyRows}), they are so many of the same
     * {@link #magnitude}. So a backend may record the sequence the first time, and replay it from then on.
     *
     * @param key of the sequence within this context
     * @param operations neither uploads nor downloads
     */
    default void replay(long key, Runnable operations) {
        operations.run();
    }

    /**
     * The number of rows that stands for {@code rows} in a key of {@link #replay}: a backend that records sequences has
     * fewer of them to record when some sizes share the next larger one. What is computed for rows too many is not used.
     *
     * @return {@code rows} or somewhat more, never more than {@code maxRows}
     */
    default int recordedRows(int rows, int maxRows) {
        return rows;
    }

    /**
     * What stands in a key of {@link #replay} for how many numbers of an array are in use: so many and fewer, down to
     * half, are alike, since a recording has memory for the most of them.
     *
     * @return the exponent of the smallest power of two that is not less, 0 to 31
     */
    static int magnitude(int numbers) {
        return numbers <= 1 ? 0 : Integer.SIZE - Integer.numberOfLeadingZeros(numbers - 1);
    }

    /**
     * Bytes that a sequence of operations would take of a device's memory beside its operands, and keep: scratch memory,
     * mostly. What the context has already does not count. Nothing is computed, so operands need no memory behind them. 0
     * where operations run in the host's memory.
     *
     * @param operations of a forward pass, as in {@link #replay}, with the largest numbers of rows that they will have
     */
    default long scratchBytes(Runnable operations) {
        return 0;
    }

    /**
     * Takes that memory now, so that no run of the sequence can lack it in its middle.
     *
     * @param operations as in {@link #scratchBytes}
     * @throws OutOfMemoryError when there is not so much
     */
    default void reserve(Runnable operations) {
        // The host's memory is taken as it is needed.
    }

    /**
     * A resampler that runs where the operations run, or nothing where the host should resample: where operations reach its
     * memory.
     *
     * @param size n, the edge of the result
     * @param levels [3, {@link PlaneResamplerProvider#LEVELS}], what each sample of red, green, blue becomes; copied
     */
    default Optional<TensorResampler> openResampler(int size, float[] levels) {
        return Optional.empty();
    }

    /** Threads on which {@link #runOnHost} runs work. */
    default int hostLanes() {
        return 1;
    }

    /**
     * Runs work of the caller's that is no operation, once on each of the threads that the backend computes with on this
     * host, the caller's own among them. Returns when all have ended.
     *
     * @throws IllegalStateException when the work failed on another thread than the caller's, with its cause
     */
    default void runOnHost(HostTask task) {
        task.run(0);
    }

    /** Work for all threads of a session. */
    @FunctionalInterface
    interface HostTask {
        /** Does the share of one thread, 0 to {@link #hostLanes} - 1; 0 is the caller's. */
        void run(int lane);
    }

    @Override
    void close();
}
