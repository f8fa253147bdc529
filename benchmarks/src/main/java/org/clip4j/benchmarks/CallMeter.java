package org.clip4j.benchmarks;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;

/**
 * Counts calls of an encoder and the bytes that they allocate on the Java heap, JMH's own allocations excluded: those
 * would drown a few bytes per call that takes milliseconds. One benchmark thread per process; {@link CallProfiler} reads
 * and resets.
 */
final class CallMeter {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    private static long calls;
    private static long bytes;
    private static double cosine = Double.NaN;

    private CallMeter() {}

    static FloatBuffer encode(Encoder encoder) {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        encoder.encode();
        bytes += THREADS.getCurrentThreadAllocatedBytes() - before;
        calls++;
        return encoder.embeddings();
    }

    /** Sets the least cosine of whoever is called next with the right answer. */
    static void cosine(double newCosine) {
        cosine = newCosine;
    }

    /** NaN when nobody has set it. */
    static double cosine() {
        return cosine;
    }

    static void reset() {
        calls = 0;
        bytes = 0;
    }

    static long calls() {
        return calls;
    }

    /** NaN when nothing was called. */
    static double bytesPerCall() {
        return calls == 0 ? Double.NaN : (double) bytes / calls;
    }
}
