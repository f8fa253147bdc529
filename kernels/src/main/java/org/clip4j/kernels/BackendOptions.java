package org.clip4j.kernels;

/**
 * What a user chooses of a backend.
 *
 * @param threads threads of one call, the caller's own included; at least 1
 * @param precision of the matrix products
 * @param deviceIndex which of several devices of the kind, counted from 0
 * @param pinned whether each of the backend's own threads is bound to a processor; the caller's stays as it is
 */
public record BackendOptions(int threads, Precision precision, int deviceIndex, boolean pinned) {
    /** For the first device, with threads that the system may move. */
    public BackendOptions(int threads, Precision precision) {
        this(threads, precision, 0, false);
    }

    /** Checks the numbers. */
    public BackendOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1: threads=" + threads);
        }
        if (deviceIndex < 0) {
            throw new IllegalArgumentException("devices are counted from 0: deviceIndex=" + deviceIndex);
        }
    }

    /** With another device. */
    public BackendOptions withDeviceIndex(int newDeviceIndex) {
        return new BackendOptions(threads, precision, newDeviceIndex, pinned);
    }

    /** With threads that are bound to processors, or that the system may move. */
    public BackendOptions withPinned(boolean newPinned) {
        return new BackendOptions(threads, precision, deviceIndex, newPinned);
    }

    /** As many threads as processors granted to this process (a container's quota included), in f32. */
    public static BackendOptions defaults() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors(), Precision.F32);
    }
}
