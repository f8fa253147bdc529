package org.clip4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The time limits are there to turn a lost wakeup into a failure instead of a build that hangs. */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class ThreadTeamTest {
    private static List<Thread> workers() {
        List<Thread> found = new ArrayList<>();
        for (Thread thread : Thread.getAllStackTraces().keySet()) {
            if (thread.getName().startsWith("clip4j-worker-")) {
                found.add(thread);
            }
        }
        return found;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void runsEveryLaneOnceAndSeesWhatItWrote(int size) {
        try (ThreadTeam team = new ThreadTeam(size)) {
            // Plain arrays: what lanes write is visible to the caller, and what the caller writes to the lanes.
            int[] input = new int[1];
            int[] output = new int[size];
            Thread caller = Thread.currentThread();
            ThreadTeam.Task task = (lane, lanes) -> {
                assertThat(Thread.currentThread() == caller).isEqualTo(lane == 0);
                output[lane] += input[0] * lanes;
            };
            int sum = 0;
            for (int round = 1; round <= 10_000; round++) {
                input[0] = round;
                team.run(task);
                sum += round * size;
                assertThat(output).containsOnly(sum);
            }
        }
    }

    /** A worker takes longer to wake than a caller that has nothing to do. */
    @Test
    void sharedTasksDoNotWaitForWorkersThatHaveNotBegun() throws InterruptedException {
        try (ThreadTeam team = new ThreadTeam(3)) {
            AtomicInteger begun = new AtomicInteger();
            AtomicInteger done = new AtomicInteger();
            int rounds = 100;
            for (int round = 0; round < rounds; round++) {
                Thread.sleep(2);
                team.share((lane, lanes) -> {
                    begun.incrementAndGet();
                    done.incrementAndGet();
                });
                assertThat(done).as("those that have begun").hasValue(begun.get());
            }
            assertThat(done.get()).isBetween(rounds, 3 * rounds - 1);
            // Those that were late are there again.
            team.run((lane, lanes) -> done.addAndGet(1_000));
            assertThat(done.get()).isBetween(3_000 + rounds, 3_000 + 3 * rounds - 1);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 8})
    void sharedWorkIsDoneOnceAndIsVisible(int size) {
        try (ThreadTeam team = new ThreadTeam(size)) {
            int[] parts = new int[64];
            AtomicInteger next = new AtomicInteger();
            ThreadTeam.Task task = (lane, lanes) -> {
                for (int part = next.getAndIncrement(); part < parts.length; part = next.getAndIncrement()) {
                    parts[part]++;
                }
            };
            for (int round = 1; round <= 10_000; round++) {
                next.set(0);
                if (round % 7 == 0) {
                    team.run(task);
                } else {
                    team.share(task);
                }
                assertThat(parts).containsOnly(round);
            }
        }
    }

    @Test
    void sharedFailuresReachTheirCaller() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            for (int round = 0; round < 1_000; round++) {
                AtomicInteger begun = new AtomicInteger();
                assertThatThrownBy(() -> team.share((lane, lanes) -> {
                    if (lane == 1) {
                        begun.set(1);
                        throw new IllegalStateException("broken lane");
                    }
                    while (begun.get() == 0) {
                        LockSupport.parkNanos(1_000);
                    }
                })).isInstanceOf(IllegalStateException.class).hasMessageContaining("broken lane");
                team.share((lane, lanes) -> {});
            }
        }
    }

    @Test
    void wakesWorkersThatHaveParked() throws InterruptedException {
        try (ThreadTeam team = new ThreadTeam(3)) {
            AtomicInteger runs = new AtomicInteger();
            for (int round = 0; round < 200; round++) {
                Thread.sleep(round % 10 == 0 ? 5 : 0);
                team.run((lane, lanes) -> {
                    if (lane == 2) {
                        // Longer than the caller spins.
                        LockSupport.parkNanos(200_000);
                    }
                    runs.incrementAndGet();
                });
            }
            assertThat(runs).hasValue(600);
        }
    }

    @Test
    void callersTakeTurns() throws InterruptedException {
        try (ThreadTeam team = new ThreadTeam(3)) {
            AtomicInteger inside = new AtomicInteger();
            AtomicInteger wrong = new AtomicInteger();
            List<Thread> callers = new ArrayList<>();
            for (int i = 0; i < 4; i++) {
                int[] sums = new int[3];
                callers.add(new Thread(() -> {
                    for (int round = 0; round < 2_000; round++) {
                        team.run((lane, lanes) -> {
                            if (lane == 0 && inside.incrementAndGet() != 1) {
                                wrong.incrementAndGet();
                            }
                            sums[lane]++;
                            if (lane == 0) {
                                inside.decrementAndGet();
                            }
                        });
                    }
                    if (sums[0] + sums[1] + sums[2] != 6_000) {
                        wrong.incrementAndGet();
                    }
                }));
            }
            callers.forEach(Thread::start);
            for (Thread caller : callers) {
                caller.join();
            }
            assertThat(wrong).hasValue(0);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 2})
    void aFailureReachesItsCallerAndNoOther(int failingLane) throws InterruptedException {
        try (ThreadTeam team = new ThreadTeam(3)) {
            AtomicInteger wrong = new AtomicInteger();
            AtomicInteger finished = new AtomicInteger();
            Thread innocent = new Thread(() -> {
                try {
                    for (int round = 0; round < 3_000; round++) {
                        team.run((lane, lanes) -> {});
                    }
                } catch (RuntimeException e) {
                    wrong.incrementAndGet();
                }
            });
            innocent.start();
            for (int round = 0; round < 1_000; round++) {
                assertThatThrownBy(() -> team.run((lane, lanes) -> {
                    if (lane == failingLane) {
                        throw new IllegalStateException("broken lane");
                    }
                    finished.incrementAndGet();
                })).isInstanceOf(IllegalStateException.class).hasMessageContaining("broken lane");
            }
            innocent.join();
            assertThat(wrong).hasValue(0);
            assertThat(finished).hasValue(2_000);
        }
    }

    @Test
    void errorsOfWorkersArriveAsTheyAre() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            for (Error error : new Error[]{new OutOfMemoryError("native"), new StackOverflowError(),
                    new AssertionError("native")}) {
                StackTraceElement[] thrownAt = {new StackTraceElement("Worker", "run", "Worker.java", 7)};
                error.setStackTrace(thrownAt);
                ThreadTeam.Task task = (lane, lanes) -> {
                    if (lane == 1) {
                        throw error;
                    }
                };
                assertThatThrownBy(() -> team.run(task)).isSameAs(error);
                assertThat(error.getStackTrace()).as("the worker's").isEqualTo(thrownAt);
                team.run((lane, lanes) -> {});
            }
        }
    }

    @Test
    void exceptionsOfWorkersAreTheCause() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            IllegalArgumentException exception = new IllegalArgumentException("wrong lane");
            assertThatThrownBy(() -> team.run((lane, lanes) -> {
                if (lane == 1) {
                    throw exception;
                }
            })).isInstanceOf(IllegalStateException.class).hasCause(exception);
        }
    }

    @Test
    void anInterruptedCallerStillWaits() {
        try (ThreadTeam team = new ThreadTeam(2)) {
            int[] done = new int[1];
            Thread.currentThread().interrupt();
            team.run((lane, lanes) -> {
                if (lane == 1) {
                    long end = System.nanoTime() + 20_000_000;
                    while (System.nanoTime() < end) {
                        Thread.onSpinWait();
                    }
                    done[0] = 1;
                }
            });
            assertThat(done[0]).isEqualTo(1);
            assertThat(Thread.interrupted()).isTrue();
        }
    }

    @Test
    void closeEndsIdleWorkers() throws InterruptedException {
        ThreadTeam unused = new ThreadTeam(4);
        ThreadTeam parked = new ThreadTeam(3);
        parked.run((lane, lanes) -> {});
        Thread.sleep(20);
        List<Thread> before = workers();
        assertThat(before).hasSizeGreaterThanOrEqualTo(5);
        unused.close();
        parked.close();
        parked.close();
        assertThat(workers()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void refusesToRunAfterClose(int size) {
        ThreadTeam team = new ThreadTeam(size);
        team.close();
        assertThatThrownBy(() -> team.run((lane, lanes) -> {})).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("closed");
    }
}
