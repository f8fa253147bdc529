package org.clip4j.hub;

import java.io.InterruptedIOException;
import java.time.Duration;

/** How a thread waits between attempts; another way in tests. */
interface Pauses {
    /** Sleeps. */
    Pauses SLEEP = duration -> {
        try {
            Thread.sleep(duration.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            InterruptedIOException interrupted = new InterruptedIOException("interrupted while waiting for a server");
            interrupted.initCause(e);
            throw interrupted;
        }
    };

    void pause(Duration duration) throws InterruptedIOException;
}
