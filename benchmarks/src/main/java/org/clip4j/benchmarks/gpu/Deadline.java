package org.clip4j.benchmarks.gpu;

/**
 * When measuring ends. Immutable.
 *
 * @param nanos as {@link System#nanoTime} counts
 */
record Deadline(long nanos) {
    /** So many seconds from now on. */
    static Deadline in(double seconds) {
        return new Deadline(System.nanoTime() + (long) (seconds * 1e9));
    }

    /** Until then; negative when it has passed. */
    double secondsLeft() {
        return (nanos - System.nanoTime()) / 1e9;
    }

    /** The end of the first of so many equal parts of what is left. */
    Deadline ofFirst(int parts) {
        return Deadline.in(secondsLeft() / parts);
    }
}
