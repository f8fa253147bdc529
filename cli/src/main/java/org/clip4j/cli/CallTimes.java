package org.clip4j.cli;

import java.util.Arrays;
import java.util.OptionalDouble;

/** What calls took. Immutable. */
final class CallTimes {
    private static final double NANOS_PER_MILLI = 1e6;
    private static final double NANOS_PER_SECOND = 1e9;

    private final long[] sortedNanos;
    private final long totalNanos;
    private final double bytesPerCall;

    /**
     * Takes the times.
     *
     * @param nanos of one call at least; sorted in place, and kept
     * @param bytesPerCall allocated on the Java heap by the calling thread; NaN when nobody counts
     */
    CallTimes(long[] nanos, double bytesPerCall) {
        Arrays.sort(nanos);
        this.sortedNanos = nanos;
        this.totalNanos = Arrays.stream(nanos).sum();
        this.bytesPerCall = bytesPerCall;
    }

    int calls() {
        return sortedNanos.length;
    }

    double bytesPerCall() {
        return bytesPerCall;
    }

    /** Calls of one after another, the slow ones included. */
    double callsPerSecond() {
        return calls() * NANOS_PER_SECOND / totalNanos;
    }

    /**
     * The time that so many of a thousand calls do not exceed, by nearest rank.
     *
     * @return empty when there are too few calls for a single one to lie beyond it
     */
    OptionalDouble millis(int perThousand) {
        int beyond = 1000 - perThousand;
        if ((long) calls() * beyond < 1000) {
            return OptionalDouble.empty();
        }
        int rank = (int) (((long) calls() * perThousand + 999) / 1000);
        return OptionalDouble.of(sortedNanos[rank - 1] / NANOS_PER_MILLI);
    }
}
