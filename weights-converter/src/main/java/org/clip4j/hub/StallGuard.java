package org.clip4j.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/** Closes a stream from which nothing has come for too long, since reading it has no time limit of its own. */
final class StallGuard implements AutoCloseable {
    private final ScheduledExecutorService clock;
    private final ScheduledFuture<?> watch;
    private final AtomicLong lastNanos = new AtomicLong(System.nanoTime());

    StallGuard(InputStream body, Duration limit) {
        clock = Executors.newSingleThreadScheduledExecutor(task -> {
            Thread thread = new Thread(task, "clip4j download watch");
            thread.setDaemon(true);
            return thread;
        });
        long periodMillis = Math.max(1, limit.toMillis() / 4);
        watch = clock.scheduleWithFixedDelay(() -> {
            if (System.nanoTime() - lastNanos.get() > limit.toNanos()) {
                close(body);
            }
        }, periodMillis, periodMillis, TimeUnit.MILLISECONDS);
    }

    private static void close(InputStream body) {
        try {
            body.close();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Something has come. */
    void alive() {
        lastNanos.set(System.nanoTime());
    }

    @Override
    public void close() {
        watch.cancel(false);
        clock.shutdownNow();
    }
}
