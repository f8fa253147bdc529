package org.clip4j.kernels.cpu;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
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

    /*
     * Fields of the state, one task being one round: workers at work in it, whether more may begin, how many have begun,
     * and its number.
     */
    private static final long ONE_INSIDE = 1;
    private static final long INSIDE = 0xFFFF;
    private static final long OPEN = 1L << 16;
    private static final long ONE_BEGUN = 1L << 17;
    private static final int BEGUN_SHIFT = 17;
    private static final int BEGUN = 0x7FFF;
    private static final int ROUND_SHIFT = 32;

    private final int size;
    private final Thread[] workers;
    private final ReentrantLock turn = new ReentrantLock(true);
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicLong state = new AtomicLong();
    private volatile boolean closed;
    /** Written before a round is opened, and read by workers that have begun it. */
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
        } catch (RuntimeException | Error e) {
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
        Throwable refused = failure.get();
        if (refused instanceof Error error) {
            throw error;
        }
        if (refused != null) {
            throw (RuntimeException) refused;
        }
    }

    int size() {
        return size;
    }

    /**
     * Runs a task on all lanes and returns when all are done, whether they failed or not.
     *
     * @throws IllegalStateException after close; or when a worker's lane threw an exception, which is the cause. An error of
     *         a worker's is thrown as it is, with the worker's stack trace, and so is what the caller's own lane throws
     */
    void run(Task newTask) {
        run(newTask, true);
    }

    /**
     * Runs a task whose lanes take what is left to do from one another. Returns when the caller's lane has found nothing
     * left and those that have begun are done; workers that come later are not waited for. One that the system has taken
     * its processor from costs nothing then, unless that was within the task.
     *
     * @throws IllegalStateException as {@link #run(Task)} does
     */
    void share(Task newTask) {
        run(newTask, false);
    }

    private void run(Task newTask, boolean everyLane) {
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
            // Nobody else changes the state of a round that is over.
            state.set(((long) (round(state.get()) + 1) << ROUND_SHIFT) | OPEN);
            for (Thread worker : workers) {
                LockSupport.unpark(worker);
            }
            try {
                newTask.run(0, size);
            } finally {
                awaitWorkers(everyLane);
            }
            // Looked at while it is still this caller's turn: the next one must not be given this one's failure.
            Throwable thrown = failure.get();
            if (thrown instanceof Error error) {
                throw error; // callers tell errors by their class: a batch that is too large is an OutOfMemoryError
            }
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

    private void awaitWorkers(boolean everyLane) {
        if (!everyLane) {
            state.addAndGet(-OPEN);
        }
        int spins = 0;
        while (isUnfinished(state.get(), everyLane)) {
            if (++spins < SPINS) {
                Thread.onSpinWait();
            } else {
                LockSupport.park(this);
            }
        }
    }

    private boolean isUnfinished(long now, boolean everyLane) {
        return (now & INSIDE) != 0 || (everyLane && ((int) (now >>> BEGUN_SHIFT) & BEGUN) != workers.length);
    }

    private static int round(long state) {
        return (int) (state >>> ROUND_SHIFT);
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
            while (round(state.get()) == seen && !closed) {
                if (++spins < SPINS) {
                    Thread.onSpinWait();
                } else {
                    LockSupport.park(this);
                }
            }
            if (closed) {
                // Nobody closes a team within a round: the last one is over, though it may still be open.
                return;
            }
            seen = round(state.get());
            if (begin(seen)) {
                Thread waiting = caller;
                runWorkersLane(lane);
                if ((state.addAndGet(-ONE_INSIDE) & INSIDE) == 0) {
                    LockSupport.unpark(waiting);
                }
            }
        }
    }

    /** False when that round is over. */
    private boolean begin(int round) {
        long now = state.get();
        while (round(now) == round && (now & OPEN) != 0) {
            if (state.compareAndSet(now, now + ONE_BEGUN + ONE_INSIDE)) {
                return true;
            }
            now = state.get();
        }
        return false;
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
