package org.clip4j.training;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Does numbered tasks on some threads, which are its own and wait while there is nothing to do; with one thread, on the
 * caller's own. One thread at a time calls.
 */
public final class Lanes implements AutoCloseable {
    private final int threads;
    private final ExecutorService executor;

    /** One of the tasks. */
    @FunctionalInterface
    public interface Task {
        /** Does the task of a number on a lane, 0 to threads - 1; a lane has one task at a time. */
        void run(int lane, int number) throws IOException;
    }

    /** Starts no thread before the first task. */
    public Lanes(int threads) {
        this.threads = threads;
        this.executor = threads == 1 ? null : Executors.newFixedThreadPool(threads, work -> {
            Thread thread = new Thread(work, "clip4j-dataset");
            thread.setDaemon(true);
            return thread;
        });
    }

    /**
     * Runs tasks 0 to count - 1, and waits.
     *
     * @throws IOException when some fail: that of the one with the smallest number; other exceptions and errors likewise
     */
    public void run(int count, Task task) throws IOException {
        if (executor == null) {
            for (int i = 0; i < count; i++) {
                task.run(0, i);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        Throwable[] failures = new Throwable[count];
        List<Future<?>> running = new ArrayList<>();
        for (int lane = 0; lane < threads; lane++) {
            int own = lane;
            running.add(executor.submit(() -> {
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    try {
                        task.run(own, i);
                    } catch (IOException | RuntimeException | Error e) {
                        failures[i] = e;
                    }
                }
            }));
        }
        await(running);
        for (Throwable failure : failures) {
            if (failure instanceof IOException e) {
                throw e;
            }
            if (failure instanceof RuntimeException e) {
                throw e;
            }
            if (failure instanceof Error e) {
                throw e;
            }
        }
    }

    private static void await(List<Future<?>> running) {
        boolean interrupted = false;
        for (Future<?> lane : running) {
            while (true) {
                try {
                    lane.get();
                    break;
                } catch (InterruptedException e) {
                    // The lanes use the caller's memory: they are waited for.
                    interrupted = true;
                } catch (ExecutionException e) {
                    throw new IllegalStateException("a lane has failed: " + e.getCause(), e);
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /** Lets the threads end. */
    @Override
    public void close() {
        if (executor != null) {
            executor.shutdown();
        }
    }
}
