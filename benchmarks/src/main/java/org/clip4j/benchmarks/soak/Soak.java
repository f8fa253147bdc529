package org.clip4j.benchmarks.soak;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Locale;
import java.util.stream.LongStream;
import org.HdrHistogram.Histogram;
import org.clip4j.benchmarks.Encoder;

/**
 * The calls of one input, and after each of them a turn of the control. Calls are back to back: a slow one delays those
 * behind it, which then have not waited, as requests would that come when they like. For one thread.
 */
final class Soak {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final List<GarbageCollectorMXBean> COLLECTORS = ManagementFactory.getGarbageCollectorMXBeans();
    private static final String WORKERS = "clip4j-worker-";
    /** Enough to know how long a call takes. */
    private static final int TRIALS = 21;
    /** Stretches between which memory is looked at. */
    static final int STRETCHES = 100;
    /** What is there after that many is what the end is compared with. */
    static final int SETTLED = STRETCHES / 10;
    private static final long LONGEST_NANOS = 600_000_000_000L;
    private static final int DIGITS = 3;

    private final Encoder encoder;
    private final SpinningControl control = new SpinningControl();
    private final Histogram calls = new Histogram(LONGEST_NANOS, DIGITS);
    private final Histogram turns = new Histogram(LONGEST_NANOS, DIGITS);
    private final long[] workers;

    Soak(Encoder encoder) {
        this.encoder = encoder;
        this.workers = Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith(WORKERS)).mapToLong(Thread::getId).toArray();
    }

    /** Measures so many calls. */
    SoakResult measure(String name, int count, ResidentMemory memory) throws IOException {
        control.lastAbout(bestNanos());
        // All that is measured with has run once before it counts.
        stretch(1);
        calls.reset();
        turns.reset();
        long start = memory.kilobytes();
        long settled = start;
        long most = start;
        long firstBytes = 0;
        long bytes = 0;
        int allocating = 0;
        long collections = collections();
        long done = 0;
        for (int i = 1; i <= STRETCHES; i++) {
            int length = (int) ((long) count * i / STRETCHES - done);
            long allocated = stretch(length);
            if (i <= SETTLED) {
                firstBytes += allocated;
            } else {
                bytes += allocated;
                allocating += allocated > 0 ? 1 : 0;
            }
            done += length;
            long now = memory.kilobytes();
            most = Math.max(most, now);
            settled = i == SETTLED ? now : settled;
            if (i % SETTLED == 0) {
                System.err.printf(Locale.ROOT, "%s %3d %%: p50 %.3f ms, p99.9 %.3f ms, resident %.1f MB%n", name, i,
                        calls.getValueAtPercentile(50) / 1e6, calls.getValueAtPercentile(99.9) / 1e6, now / 1024.0);
            }
        }
        return new SoakResult(name, Latencies.of(calls), Latencies.of(turns), firstBytes, bytes, allocating, start,
                settled,
                memory.kilobytes(),
                most, collections() - collections);
    }

    /** The best, as that of the control's trials is what its length is made of. */
    private long bestNanos() {
        long best = Long.MAX_VALUE;
        for (int i = 0; i < TRIALS; i++) {
            long start = System.nanoTime();
            encoder.encode();
            best = Math.min(best, System.nanoTime() - start);
        }
        return best;
    }

    /** Calls, and turns of the control; answers what all threads of ours allocated on the heap meanwhile, in bytes. */
    private long stretch(int length) {
        // Asking for the workers' allocates on this thread, so this thread is asked last before and first after.
        long before = workerBytes() + THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < length; i++) {
            long start = System.nanoTime();
            encoder.encode();
            long between = System.nanoTime();
            control.spin();
            long end = System.nanoTime();
            calls.recordValue(between - start);
            turns.recordValue(end - between);
        }
        return THREADS.getCurrentThreadAllocatedBytes() + workerBytes() - before;
    }

    private long workerBytes() {
        return workers.length == 0 ? 0 : LongStream.of(THREADS.getThreadAllocatedBytes(workers)).sum();
    }

    private static long collections() {
        return COLLECTORS.stream().mapToLong(GarbageCollectorMXBean::getCollectionCount).sum();
    }
}
