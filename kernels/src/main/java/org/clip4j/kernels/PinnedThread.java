package org.clip4j.kernels;

import java.util.Arrays;

/**
 * A thread that runs on one processor until this is closed, by the thread itself. Threads that it starts meanwhile
 * are bound to the same processor, and Java counts one processor only when it asks
 * {@link Runtime#availableProcessors()}: load models, and start threads, before.
 */
public final class PinnedThread implements AutoCloseable {
    private final ThreadAffinity affinity;
    private final Thread thread;
    private final int processor;
    private final int[] before;
    private boolean closed;

    private PinnedThread(ThreadAffinity affinity, int processor) {
        this.affinity = affinity;
        this.thread = Thread.currentThread();
        this.processor = processor;
        this.before = affinity.processors();
        affinity.bind(processor);
    }

    /**
     * Binds the calling thread.
     *
     * @param processor by the system's number, for example one of {@link PinningOrder#granted}
     * @throws BackendException when threads cannot be bound here, or not to that processor
     */
    public static PinnedThread to(int processor) {
        return new PinnedThread(ThreadAffinity.find(), processor);
    }

    /** The processor that the thread runs on. */
    public int processor() {
        return processor;
    }

    /**
     * Lets the thread run where it could before. Harmless when repeated.
     *
     * @throws IllegalStateException when another thread calls
     */
    @Override
    public void close() {
        if (Thread.currentThread() != thread) {
            throw new IllegalStateException("a pinned thread is released by itself: pinned=" + thread.getName()
                    + " caller=" + Thread.currentThread().getName());
        }
        if (!closed) {
            closed = true;
            affinity.bind(before);
        }
    }

    @Override
    public String toString() {
        return "PinnedThread[thread=" + thread.getName() + " processor=" + processor + " before="
                + Arrays.toString(before) + "]";
    }
}
