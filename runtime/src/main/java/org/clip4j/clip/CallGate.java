package org.clip4j.clip;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * Counts the calls that are in flight, so that closing can wait for them. Entering costs one compare-and-set and
 * allocates nothing. Thread-safe.
 */
final class CallGate {
    private static final int CLOSED = Integer.MIN_VALUE;

    private final String what;
    /** Calls in flight, with the sign bit set once closing began. */
    private final AtomicInteger state = new AtomicInteger();

    CallGate(String what) {
        this.what = what;
    }

    /**
     * Starts a call; each needs an {@link #exit()}.
     *
     * @throws IllegalStateException once closing began
     */
    void enter() {
        int seen;
        do {
            seen = state.get();
            if (seen < 0) {
                throw new IllegalStateException(what + " is closed");
            }
        } while (!state.compareAndSet(seen, seen + 1));
    }

    /** Ends a call. */
    void exit() {
        if (state.decrementAndGet() == CLOSED) {
            synchronized (this) {
                notifyAll();
            }
        }
    }

    /** True once closing began. */
    boolean isClosed() {
        return state.get() < 0;
    }

    /** Refuses new calls and waits for those in flight; false when closing had begun before. */
    synchronized boolean close() {
        int seen;
        do {
            seen = state.get();
            if (seen < 0) {
                return false;
            }
        } while (!state.compareAndSet(seen, seen | CLOSED));
        boolean interrupted = false;
        while (state.get() != CLOSED) {
            try {
                wait();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return true;
    }
}
