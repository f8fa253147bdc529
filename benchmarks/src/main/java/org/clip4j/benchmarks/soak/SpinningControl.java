package org.clip4j.benchmarks.soak;

/**
 * Arithmetic on a few kilobytes, of a length that is set once: it calls nobody, waits for nobody, allocates nothing and
 * finds all that it reads in the nearest cache, so that only the machine can make one turn longer than another. For one
 * thread.
 */
final class SpinningControl {
    private static final int FLOATS = 1024;
    private static final int ROUNDS = 16;
    private static final int TRIAL_PIECES = 100;
    private static final int TRIALS = 50;

    private final float[] values = new float[FLOATS];
    private int pieces = 1;

    /** Makes a turn about as long as so many nanoseconds. */
    void lastAbout(long nanos) {
        double best = Double.POSITIVE_INFINITY;
        pieces = TRIAL_PIECES;
        for (int trial = 0; trial < TRIALS; trial++) {
            long start = System.nanoTime();
            spin();
            best = Math.min(best, (double) (System.nanoTime() - start) / TRIAL_PIECES);
        }
        pieces = (int) Math.max(1, nanos / best);
    }

    /** One turn. */
    void spin() {
        for (int i = 0; i < pieces; i++) {
            piece(values);
        }
        if (Float.isNaN(values[0])) {
            throw new IllegalStateException("the control computed NaN");
        }
    }

    /** Called often, so that Java compiles it well before it counts; a loop that runs long but seldom it does not. */
    private static void piece(float[] values) {
        for (int round = 0; round < ROUNDS; round++) {
            for (int i = 0; i < FLOATS; i++) {
                values[i] = values[i] * 0.999f + 0.5f;
            }
        }
    }
}
