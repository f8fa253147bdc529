package org.clip4j.weights;

import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Counts memory maps that nobody needs any more and that the JDK has not yet unmapped. On Java 17 only the garbage
 * collector unmaps, and it runs when the heap is full, which mapped files never fill; so a program that opens and
 * closes models would grow. When too much waits, this asks for a collection, as the JDK does for direct buffers
 * (java.nio.Bits). See docs/decisions/030-unmapping.md. Thread-safe.
 */
final class ClosedMaps {
    /** Bytes that may wait: two models of usual size. */
    static final long MAX_WAITING_BYTES = 1L << 30;
    /** Maps that may wait; Linux allows a process 65,530 (vm.max_map_count). */
    static final long MAX_WAITING_MAPS = 256;

    private static final long MAX_WAIT_MILLIS = 500;
    private static final Cleaner CLEANER = Cleaner.create();
    private static final AtomicLong WAITING_BYTES = new AtomicLong();
    private static final AtomicLong WAITING_MAPS = new AtomicLong();

    private ClosedMaps() {}

    /** One map; counts as waiting from {@link #close} until it has been collected. */
    static final class Ticket {
        private final long sizeBytes;
        private boolean closed;
        private boolean collected;

        private Ticket(long sizeBytes) {
            this.sizeBytes = sizeBytes;
        }

        /** The owner drops the map. */
        synchronized void close() {
            if (!closed && !collected) {
                WAITING_BYTES.addAndGet(sizeBytes);
                WAITING_MAPS.incrementAndGet();
            }
            closed = true;
        }

        private synchronized void collected() {
            if (closed && !collected) {
                WAITING_BYTES.addAndGet(-sizeBytes);
                WAITING_MAPS.decrementAndGet();
            }
            collected = true;
        }
    }

    /** Starts counting a map; call it with the buffer that the channel returned, of which all views are slices. */
    static Ticket track(Object map, long sizeBytes) {
        Ticket ticket = new Ticket(sizeBytes);
        CLEANER.register(map, ticket::collected);
        return ticket;
    }

    /** Call before mapping: asks for a collection when too much waits, and gives it a moment. */
    static void makeRoom() {
        if (!tooMuch()) {
            return;
        }
        System.gc();
        long deadline = System.nanoTime() + MAX_WAIT_MILLIS * 1_000_000;
        while (tooMuch() && System.nanoTime() < deadline) {
            try {
                Thread.sleep(1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                return;
            }
        }
    }

    static long waitingBytes() {
        return WAITING_BYTES.get();
    }

    static long waitingMaps() {
        return WAITING_MAPS.get();
    }

    private static boolean tooMuch() {
        return WAITING_BYTES.get() > MAX_WAITING_BYTES || WAITING_MAPS.get() > MAX_WAITING_MAPS;
    }
}
