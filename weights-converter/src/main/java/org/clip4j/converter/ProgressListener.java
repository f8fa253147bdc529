package org.clip4j.converter;

/** Told how far a long piece of work has come; may be called by several threads, one at a time. */
@FunctionalInterface
public interface ProgressListener {
    /** Nobody listens. */
    ProgressListener NONE = (doneBytes, totalBytes) -> {};

    /** {@code doneBytes} of {@code totalBytes} have been written. */
    void progress(long doneBytes, long totalBytes);
}
