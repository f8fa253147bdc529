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
 * @param coded whether rows are kept in 8 bits, too: {@link #withCodes}
 */
public record IndexOptions(String device, String backend, int threads, DType stored, boolean coded) {
    /** Checks the type. */
    public IndexOptions {
        Operands.checkNearestRows(1, 1, stored);
    }

    /** On all processors granted, in f32. */
    public static IndexOptions defaults() {
        return new IndexOptions("cpu", Backends.AUTO, BackendOptions.defaults().threads(), DType.F32, false);
    }

    /** On another device. */
    public IndexOptions withDevice(String newDevice) {
        return new IndexOptions(newDevice, backend, threads, stored, coded);
    }

    /** With another backend. */
    public IndexOptions withBackend(String newBackend) {
        return new IndexOptions(device, newBackend, threads, stored, coded);
    }

    /** With another number of threads. */
    public IndexOptions withThreads(int newThreads) {
        return new IndexOptions(device, backend, newThreads, stored, coded);
    }

    /** With rows in another type. */
    public IndexOptions withStored(DType newStored) {
        return new IndexOptions(device, backend, threads, newStored, coded);
    }

    /**
     * With rows in 8 bits beside the stored ones, or without. A search then passes over the former, a quarter of the bytes of
     * F32, and scores those rows as they are stored that may be among the nearest: results are the same to the last bit.
     * Takes E + 8 bytes of memory more for each row. Of rows in a {@linkplain EmbeddingFile file} only few are read in a
     * search, so that these may lie on the disk; codes of a file can be {@linkplain SimilarityIndex#keepCodes kept}. For
     * backends of the CPU.
     */
    public IndexOptions withCodes(boolean newCoded) {
        return new IndexOptions(device, backend, threads, stored, newCoded);
    }
}
