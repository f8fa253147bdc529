package org.clip4j.cuda;

import java.util.ArrayList;
import java.util.List;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.clip4j.kernels.ExecutionContext;

/**
 * The sequences that a session has recorded, and the numbers that operations read, whether they are recorded or run as
 * they are. Not thread-safe; closed by its session.
 */
final class Recordings implements AutoCloseable {
    /** Recordings that a session keeps; a graph of a transformer takes about a megabyte. */
    private static final int MAX_RECORDINGS = 256;

    private final CudaContext session;
    private final CUstream_st stream;
    private final NumberStaging numbers;
    private final List<Recording> recordings = new ArrayList<>();
    private Recording recording;
    private final List<int[]> counted = new ArrayList<>();
    private final List<Integer> countedSizes = new ArrayList<>();
    private boolean counting;
    private boolean rehearsing;
    private int numberBytes; // of all operations counted, each array of a size once
    private int operationBytes; // of the one that is being counted
    private int largestOperationBytes;
    private long calls;

    Recordings(CudaContext session, CudaDevice cuda, CUstream_st stream) {
        this.session = session;
        this.stream = stream;
        numbers = new NumberStaging(cuda, stream);
    }

    /** True while operations are recorded: nothing may be measured or allocated then. */
    boolean isRecording() {
        return recording != null;
    }

    /** Numbers of earlier operations may be overwritten from now on, as soon as the stream has done these. */
    void beginOperation() {
        operationBytes = 0;
        if (recording == null && !rehearsing) {
            numbers.beginOperation(session);
        }
    }

    /** The first numbers of an array, as the kernels of this operation will find them on the card; always so many. */
    long numbers(int[] array, int count) {
        if (recording != null) {
            return recording.address(array, count);
        }
        count(array, count);
        return rehearsing ? 0 : numbers.stage(array, count, session);
    }

    /**
     * The first numbers of an array, of which a replay may have more or fewer of the same
     * {@linkplain ExecutionContext#magnitude magnitude}: {@code counts[index]} of them.
     */
    long numbers(int[] array, int[] counts, int index) {
        int capacity = capacity(counts[index], array.length);
        if (recording != null) {
            return recording.address(array, capacity, counts, index);
        }
        // A rehearsal is of the largest pass, whatever is in its arrays.
        count(array, rehearsing ? array.length : capacity);
        return rehearsing ? 0 : numbers.stage(array, counts[index], session);
    }

    private static int capacity(int count, int length) {
        return (int) Math.min(length, 1L << ExecutionContext.magnitude(count));
    }

    /** Adds up what a recording of the sequence would reserve, and finds out what one operation takes at most. */
    private void count(int[] array, int count) {
        if (!counting) {
            return;
        }
        operationBytes += NumberStaging.sizeBytes(count);
        largestOperationBytes = Math.max(largestOperationBytes, operationBytes);
        for (int i = 0; i < counted.size(); i++) {
            if (counted.get(i) == array && countedSizes.get(i) == count) {
                return;
            }
        }
        counted.add(array);
        countedSizes.add(count);
        numberBytes += NumberStaging.sizeBytes(count);
    }

    /** Runs a sequence as it is the first time, records it the second time, and replays it from then on. */
    void replay(long key, Runnable operations) {
        calls++;
        Recording known = find(key);
        if (known == null) {
            // Runs once as it is: scratch memory grows, products are planned, and nothing of that may be recorded.
            runCounting(operations);
            remember(key, numberBytes);
            return;
        }
        if (!known.isRecorded()) {
            record(known, operations);
        }
        known.replay();
        known.lastUse = calls;
    }

    private void runCounting(Runnable operations) {
        numberBytes = 0;
        largestOperationBytes = 0;
        counting = true;
        try {
            operations.run();
        } finally {
            counting = false;
            counted.clear();
            countedSizes.clear();
        }
    }

    /** Runs operations that launch nothing, to count their numbers. */
    void rehearse(Runnable operations) {
        rehearsing = true;
        try {
            runCounting(operations);
        } finally {
            rehearsing = false;
        }
    }

    /** Bytes of the card that the numbers of what was rehearsed last need, and are not there. */
    long lackingBytes() {
        return numbers.lackingBytes(largestOperationBytes, numberBytes);
    }

    /** Takes these. */
    void reserve() {
        numbers.prepare(largestOperationBytes, numberBytes, session);
    }

    private Recording find(long key) {
        for (int i = 0; i < recordings.size(); i++) {
            if (recordings.get(i).key() == key) {
                return recordings.get(i);
            }
        }
        return null;
    }

    private void remember(long key, int bytes) {
        if (recordings.size() == MAX_RECORDINGS) {
            session.synchronize();
            int oldest = 0;
            for (int i = 1; i < recordings.size(); i++) {
                oldest = recordings.get(i).lastUse < recordings.get(oldest).lastUse ? i : oldest;
            }
            recordings.remove(oldest).close();
        }
        Recording added = new Recording(key, numbers, stream, bytes);
        added.lastUse = calls;
        recordings.add(added);
    }

    private void record(Recording target, Runnable operations) {
        recording = target;
        try {
            target.record(operations);
        } finally {
            recording = null;
        }
    }

    @Override
    public void close() {
        recordings.forEach(Recording::close);
        numbers.close();
    }
}
