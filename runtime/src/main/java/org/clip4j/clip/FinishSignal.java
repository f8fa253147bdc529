package org.clip4j.clip;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.clip4j.kernels.ExecutionContext;

/**
 * Calls a session's handler when what was begun is done: on the device's own thread, or on the session's when it was done
 * before the call that began it returned, so that whoever is told finds the session free. Allocates nothing per call.
 */
final class FinishSignal {
    private static final int IDLE = 0;
    /** Asked for, while the call that asks has not returned. */
    private static final int STARTING = 1;
    /** Done before that call returned. */
    private static final int EARLY = 2;
    /** That call has returned. */
    private static final int ARMED = 3;

    private final ExecutionContext context;
    private Runnable handler; // null when there is none
    private Runnable completion;
    private final AtomicInteger state = new AtomicInteger(IDLE);

    /** Without a handler yet. */
    FinishSignal(ExecutionContext context) {
        this.context = context;
    }

    /**
     * Sets the handler; once.
     *
     * @throws IllegalStateException when there is one
     */
    void set(Runnable newHandler) {
        Objects.requireNonNull(newHandler, "handler");
        if (handler != null) {
            throw new IllegalStateException("the session has a handler already; it is set once");
        }
        completion = context.completion(this::done);
        handler = newHandler;
    }

    /** Asks for the call, behind all that has been run. */
    void request() {
        if (handler == null) {
            return;
        }
        state.set(STARTING);
        boolean complete = false;
        try {
            completion.run();
            complete = true;
        } finally {
            if (!complete) {
                state.set(IDLE);
            }
        }
    }

    /** To be called when the session is free for others. */
    void arm() {
        if (handler != null && !state.compareAndSet(STARTING, ARMED)) {
            state.set(IDLE);
            handler.run();
        }
    }

    private void done() {
        if (!state.compareAndSet(STARTING, EARLY)) {
            state.set(IDLE);
            handler.run();
        }
    }
}
