package org.clip4j.similarity;

import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Operands;

/**
 * How an index is made; immutable, each method returns a changed copy.
 *
 * @param device {@code cpu}, {@code cuda} or one of several such as {@code cuda:1}
 * @param backend a backend's name, or {@code auto} for the fastest usable one of the device
 * @param threads of one search on a CPU, the caller's own included
 * @param stored the type that rows are stored in: F32, F16 or BF16
 */
public record IndexOptions(String device, String backend, int threads, DType stored) {
    /** Checks the type. */
    public IndexOptions {
        Operands.checkNearestRows(1, 1, stored);
    }

    /** On all processors granted, in f32. */
    public static IndexOptions defaults() {
        return new IndexOptions("cpu", Backends.AUTO, BackendOptions.defaults().threads(), DType.F32);
    }

    /** On another device. */
    public IndexOptions withDevice(String newDevice) {
        return new IndexOptions(newDevice, backend, threads, stored);
    }

    /** With another backend. */
    public IndexOptions withBackend(String newBackend) {
        return new IndexOptions(device, newBackend, threads, stored);
    }

    /** With another number of threads. */
    public IndexOptions withThreads(int newThreads) {
        return new IndexOptions(device, backend, newThreads, stored);
    }

    /** With rows in another type. */
    public IndexOptions withStored(DType newStored) {
        return new IndexOptions(device, backend, threads, newStored);
    }
}
