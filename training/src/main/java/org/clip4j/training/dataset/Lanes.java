package org.clip4j.training.dataset;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;

/** Does numbered tasks on some threads; with one, on the caller's own. One thread at a time calls. */
final class Lanes implements AutoCloseable {
    private final int threads;
    private final ExecutorService executor;

    /** One of the tasks. */
    interface Task {
        void run(int lane, int number) throws IOException;
    }

    Lanes(int threads) {
        this.threads = threads;
        this.executor = threads == 1 ? null : Executors.newFixedThreadPool(threads, work -> {
            Thread thread = new Thread(work, "clip4j-dataset");
            thread.setDaemon(true);
            return thread;
        });
    }

    /** Runs tasks 0 to count - 1, and waits. When some fail, the one with the smallest number says why. */
    void run(int count, Task task) throws IOException {
        if (executor == null) {
            for (int i = 0; i < count; i++) {
                task.run(0, i);
            }
            return;
        }
        AtomicInteger next = new AtomicInteger();
        Exception[] failures = new Exception[count];
        List<Future<?>> running = new ArrayList<>();
        for (int lane = 0; lane < threads; lane++) {
            int own = lane;
            running.add(executor.submit(() -> {
                for (int i = next.getAndIncrement(); i < count; i = next.getAndIncrement()) {
                    try {
                        task.run(own, i);
                    } catch (IOException | RuntimeException e) {
                        failures[i] = e;
                    }
                }
            }));
        }
        await(running);
        for (Exception failure : failures) {
            if (failure instanceof IOException e) {
                throw e;
            }
            if (failure instanceof RuntimeException e) {
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

    @Override
    public void close() {
        if (executor != null) {
            executor.shutdown();
        }
    }
}
