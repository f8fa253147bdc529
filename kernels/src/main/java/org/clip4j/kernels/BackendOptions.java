package org.clip4j.kernels;

/**
 * What a user chooses of a backend.
 *
 * @param threads threads of one call, the caller's own included; at least 1
 * @param precision of the matrix products
 */
public record BackendOptions(int threads, Precision precision) {
    /** Checks the number of threads. */
    public BackendOptions {
        if (threads < 1) {
            throw new IllegalArgumentException("threads must be at least 1: threads=" + threads);
        }
    }

    /** As many threads as processors granted to this process (a container's quota included), in f32. */
    public static BackendOptions defaults() {
        return new BackendOptions(Runtime.getRuntime().availableProcessors(), Precision.F32);
    }
}
