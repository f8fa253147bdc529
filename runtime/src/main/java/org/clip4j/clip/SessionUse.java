package org.clip4j.clip;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Who uses a session: one thread at a time, as long as neither it nor its model is closed. Entering allocates nothing.
 * Thread-safe, but for {@link #joinPool} and {@link #lendTo}, which the model calls.
 */
final class SessionUse {
    private final CallGate gate;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final AtomicBoolean freed = new AtomicBoolean();
    /** The thread that has borrowed this session of the model's pool and entered the model's gate for it, or null. */
    private Thread borrower;
    private boolean pooled;

    /** Of a session of the model that has the gate. */
    SessionUse(CallGate gate) {
        this.gate = gate;
    }

    /**
     * Begins a call; each needs an {@link #exit}.
     *
     * @throws IllegalStateException when another thread is in a call, or session or model are closed
     */
    void enter() {
        // Whoever borrows has entered the gate already, and may finish after closing began.
        boolean throughGate = borrower == null;
        if (throughGate) {
            gate.enter();
        }
        if (!busy.compareAndSet(false, true)) {
            if (throughGate) {
                gate.exit();
            }
            throw new IllegalStateException("a session serves one thread at a time; open one per thread, or use the"
                    + " model's own embed methods");
        }
        if (freed.get()) {
            exit();
            throw new IllegalStateException("the session is closed");
        }
    }

    /** Ends a call. */
    void exit() {
        busy.set(false);
        if (borrower == null) {
            gate.exit();
        }
    }

    /** Makes it one of the sessions that the model lends out, and closes itself. */
    void joinPool() {
        pooled = true;
    }

    /**
     * Refuses what is not for borrowers.
     *
     * @throws IllegalStateException for a session of the model's pool
     */
    void requireOwn(String refusal) {
        if (pooled) {
            throw new IllegalStateException(refusal);
        }
    }

    /** Lent to a thread that has entered the model's gate, or given back with null. */
    void lendTo(Thread thread) {
        borrower = thread;
    }

    Thread borrower() {
        return borrower;
    }

    /**
     * Begins to close it; {@link #endClosing} ends that.
     *
     * @throws IllegalStateException while another thread is using the session
     */
    void beginClosing() {
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("the session is in use by another thread");
        }
    }

    void endClosing() {
        busy.set(false);
    }

    /** True for the first who frees it. */
    boolean free() {
        return freed.compareAndSet(false, true);
    }
}
