package org.clip4j.cli;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.Arrays;

/** Times calls on the caller's thread, and counts what they allocate on the Java heap. For one thread. */
final class CallTimer {
    /** 8 MB of times; where a call takes microseconds, a row ends with them. */
    private static final int MOST_CALLS = 1_000_000;
    private static final int FEWEST_CALLS = 3;
    /** Two windows in a row whose median is not below this part of the best one before: as fast as it gets. */
    private static final double IMPROVEMENT = 0.97;
    private static final int WINDOWS_WITHOUT_IMPROVEMENT = 2;
    /** Windows of the warm-up in the time that is measured. */
    private static final int WINDOWS = 8;
    private static final double NANOS_PER_SECOND = 1e9;

    private final ThreadMXBean threads;
    private final long durationNanos;
    private final long[] nanos = new long[MOST_CALLS];

    /** Measures for so long. */
    CallTimer(double seconds) {
        this.durationNanos = (long) (seconds * NANOS_PER_SECOND);
        // Other virtual machines than HotSpot may count nothing.
        threads = ManagementFactory.getThreadMXBean() instanceof ThreadMXBean counting
                && counting.isThreadAllocatedMemorySupported() ? counting : null;
    }

    /** Calls until the times have settled, then times. */
    CallTimes measure(Runnable call) {
        warmUp(call);
        long bytesBefore = allocatedBytes();
        int calls = time(call, durationNanos);
        long bytes = allocatedBytes() - bytesBefore;
        return new CallTimes(Arrays.copyOf(nanos, calls), threads == null ? Double.NaN : (double) bytes / calls);
    }

    private void warmUp(Runnable call) {
        long begin = System.nanoTime();
        double best = Double.POSITIVE_INFINITY;
        int steady = 0;
        while (steady < WINDOWS_WITHOUT_IMPROVEMENT && System.nanoTime() - begin < 2 * durationNanos) {
            int calls = time(call, durationNanos / WINDOWS);
            Arrays.sort(nanos, 0, calls);
            double median = nanos[calls / 2];
            steady = median < IMPROVEMENT * best ? 0 : steady + 1;
            best = Math.min(best, median);
        }
    }

    /** Fills the times of as many calls as there is time for; allocates nothing itself. */
    private int time(Runnable call, long mostNanos) {
        int calls = 0;
        long begin = System.nanoTime();
        long end = begin;
        while (calls < MOST_CALLS && (calls < FEWEST_CALLS || end - begin < mostNanos)) {
            long start = System.nanoTime();
            call.run();
            end = System.nanoTime();
            nanos[calls++] = end - start;
        }
        return calls;
    }

    private long allocatedBytes() {
        return threads == null ? 0 : threads.getCurrentThreadAllocatedBytes();
    }
}
