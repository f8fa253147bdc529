package org.clip4j.benchmarks;

import java.util.ArrayList;
import java.util.List;

/**
 * A fixed piece of arithmetic that touches no memory outside a level-1 cache. On a quiet machine it always takes the same
 * time; where it does not, neighbours were at work, and the times beside it are to be read with that in mind. Stateless.
 */
public final class ControlKernel {
    private static final int FLOATS = 1024;
    /** About 10 ms on one core of 2023. */
    private static final int ROUNDS = 100_000;

    private ControlKernel() {}

    /** Runs it on so many threads at once and returns the time until all are done, in milliseconds. */
    public static double millis(int threads) {
        List<Thread> others = new ArrayList<>();
        long start = System.nanoTime();
        for (int i = 1; i < threads; i++) {
            Thread thread = new Thread(ControlKernel::work, "control-" + i);
            thread.start();
            others.add(thread);
        }
        work();
        try {
            for (Thread thread : others) {
                thread.join();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the control kernel ran", e);
        }
        return (System.nanoTime() - start) / 1e6;
    }

    private static void work() {
        float[] values = new float[FLOATS];
        for (int round = 0; round < ROUNDS; round++) {
            step(values);
        }
        if (Float.isNaN(values[0])) {
            throw new IllegalStateException("the control kernel computed NaN");
        }
    }

    private static void step(float[] values) {
        for (int i = 0; i < FLOATS; i++) {
            values[i] = values[i] * 0.999f + 0.5f;
        }
    }
}
