package org.clip4j.kernels.cpu;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.clip4j.kernels.ThreadAffinity;

/**
 * A fixed number of threads that work on one task together: the caller's own, and daemon workers that wait for the next
 * task by spinning briefly, then parked. With one thread there is no worker, no lock and no hand-over, so that the
 * caller can be pinned. Callers of a larger team take turns. Allocates nothing per task.
 */
final class ThreadTeam implements AutoCloseable {
    /** A piece of work that is split by the number of lanes. */
    @FunctionalInterface
    interface Task {
        /** Does the share of one lane, 0 to {@code lanes - 1}; lane 0 is the caller's thread. */
        void run(int lane, int lanes);
    }

    /**
     * Rounds of spinning before a thread parks, about 50 us: longer than the gaps between the operations of a forward
     * pass, much shorter than a scheduler's time slice, so that a busy neighbour is not fought for long.
     */
    private static final int SPINS = 2_000;

    private final int size;
    private final Thread[] workers;
    private final ReentrantLock turn = new ReentrantLock(true);
    private final AtomicInteger unfinished = new AtomicInteger();
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicInteger round = new AtomicInteger();
    private volatile boolean closed;
    /** Written before {@link #round} is, and read after it, so that workers see both. */
    private Task task;
    private Thread caller;

    /** Starts {@code size - 1} workers that the system may move, or none when one of them cannot be started. */
    ThreadTeam(int size) {
        this(size, new int[0]);
    }

    /**
     * Starts {@code size - 1} workers, or none when one of them cannot be started or bound.
     *
     * @param processors one for each lane, the caller's included, whose thread is left alone; or none
     */
    ThreadTeam(int size, int[] processors) {
        this.size = size;
        this.workers = new Thread[size - 1];
        CountDownLatch bound = new CountDownLatch(processors.length == 0 ? 0 : size - 1);
        try {
            for (int i = 0; i < workers.length; i++) {
                int lane = i + 1;
                Thread worker = new Thread(() -> {
                    if (processors.length == 0 || bind(processors[lane], bound)) {
                        work(lane);
                    }
                }, "clip4j-worker-" + lane);
                worker.setDaemon(true);
                worker.start();
                workers[i] = worker;
            }
            awaitBound(bound);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private boolean bind(int processor, CountDownLatch bound) {
        try {
            ThreadAffinity.find().bind(processor);
            return true;
        } catch (RuntimeException e) {
            failure.compareAndSet(null, e); // thrown by the constructor
            return false;
        } finally {
            bound.countDown();
        }
    }

    private void awaitBound(CountDownLatch bound) {
        try {
            bound.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while threads were pinned", e);
        }
        if (failure.get() instanceof RuntimeException refused) {
            throw refused;
        }
    }

    int size() {
        return size;
    }

    /**
     * Runs a task on all lanes and returns when all are done, whether they failed or not.
     *
     * @throws IllegalStateException after close; or when a worker's lane failed, with what it threw as the cause. What
     *         the caller's own lane throws is passed on as it is
     */
    void run(Task newTask) {
        if (size == 1) {
            requireOpen();
            newTask.run(0, 1);
            return;
        }
        turn.lock();
        try {
            requireOpen();
            task = newTask;
            caller = Thread.currentThread();
            unfinished.set(workers.length);
            round.incrementAndGet();
            for (Thread worker : workers) {
                LockSupport.unpark(worker);
            }
            try {
                newTask.run(0, size);
            } finally {
                awaitWorkers();
            }
            // Looked at while it is still this caller's turn: the next one must not be given this one's failure.
            Throwable thrown = failure.get();
            if (thrown != null) {
                throw new IllegalStateException("an operation failed on a worker thread: " + thrown, thrown);
            }
        } finally {
            failure.set(null);
            task = null;
            caller = null;
            turn.unlock();
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the backend is closed");
        }
    }

    private void awaitWorkers() {
        int spins = 0;
        while (unfinished.get() > 0) {
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
    }

    private void runWorkersLane(int lane) {
        try {
            task.run(lane, size);
        } catch (RuntimeException | Error e) {
            failure.compareAndSet(null, e);
        }
    }

    private void work(int lane) {
        int seen = 0;
        while (!closed) {
            int spins = 0;
            while (round.get() == seen && !closed) {
                if (++spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            if (closed) {
                return;
            }
            seen = round.get();
            Thread waiting = caller;
            runWorkersLane(lane);
            if (unfinished.decrementAndGet() == 0) {
                LockSupport.unpark(waiting);
            }
        }
    }

    /** Waits for a task that is running, then for the workers to end. */
    @Override
    public void close() {
        turn.lock();
        try {
            closed = true;
        } finally {
            turn.unlock();
        }
        boolean interrupted = false;
        for (Thread worker : workers) {
            // Null for those that a failed constructor did not get to.
            while (worker != null && worker.isAlive()) {
                LockSupport.unpark(worker);
                try {
                    worker.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
