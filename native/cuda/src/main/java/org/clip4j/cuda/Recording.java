package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaGraphDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphExecDestroy;
import static org.bytedeco.cuda.global.cudart.cudaGraphInstantiate;
import static org.bytedeco.cuda.global.cudart.cudaGraphLaunch;
import static org.bytedeco.cuda.global.cudart.cudaStreamBeginCapture;
import static org.bytedeco.cuda.global.cudart.cudaStreamCaptureModeRelaxed;
import static org.bytedeco.cuda.global.cudart.cudaStreamEndCapture;

import java.util.Arrays;
import org.bytedeco.cuda.cudart.CUgraphExec_st;
import org.bytedeco.cuda.cudart.CUgraph_st;
import org.bytedeco.cuda.cudart.CUstream_st;

/**
 * A sequence of operations as a CUDA graph, and the arrays of numbers that it reads, which are copied anew before each
 * replay. Not thread-safe; closed by its session.
 */
final class Recording implements AutoCloseable {
    /** Numbers of one array: {@code count} of them or, with counts, {@code counts[index]} at the time of the replay. */
    private static final class Part {
        final int[] array;
        final int capacity;
        final int count;
        final int[] counts;
        final int index;
        final int offsetBytes;

        Part(int[] array, int capacity, int count, int[] counts, int index, int offsetBytes) {
            this.array = array;
            this.capacity = capacity;
            this.count = count;
            this.counts = counts;
            this.index = index;
            this.offsetBytes = offsetBytes;
        }
    }

    private final long key;
    private final NumberStaging staging;
    private final CUstream_st stream;
    private final NumberStaging.Region region;
    private final CUgraphExec_st graph = new CUgraphExec_st();
    private Part[] parts = new Part[8];
    private int arrayCount;
    private int usedBytes;
    private boolean recorded;
    /** When it was replayed last, in calls of the session. */
    long lastUse;

    /**
     * With nothing recorded yet.
     *
     * @param numberBytes at least what all arrays of the sequence take
     */
    Recording(long key, NumberStaging staging, CUstream_st stream, int numberBytes) {
        this.key = key;
        this.staging = staging;
        this.stream = stream;
        this.region = staging.reserve(numberBytes);
    }

    long key() {
        return key;
    }

    boolean isRecorded() {
        return recorded;
    }

    /** Records what the operations launch on the stream; nothing of it runs yet. */
    void record(Runnable operations) {
        arrayCount = 0;
        usedBytes = 0;
        Status.runtime(cudaStreamBeginCapture(stream, cudaStreamCaptureModeRelaxed), "cudaStreamBeginCapture");
        boolean complete = false;
        CUgraph_st captured = new CUgraph_st();
        try {
            operations.run();
            complete = true;
        } finally {
            int status = cudaStreamEndCapture(stream, captured);
            if (complete) {
                Status.runtime(status, "cudaStreamEndCapture");
            } else if (!captured.isNull()) {
                cudaGraphDestroy(captured);
            }
        }
        try {
            Status.runtime(cudaGraphInstantiate(graph, captured, 0), "cudaGraphInstantiate");
            recorded = true;
        } finally {
            cudaGraphDestroy(captured);
        }
    }

    /** While recording: where on the card the first {@code count} numbers of an array will be at each replay. */
    long address(int[] array, int count) {
        return address(array, count, count, null, 0);
    }

    /** While recording: the same for {@code counts[index]} numbers, at most a capacity, as many as that are then. */
    long address(int[] array, int capacity, int[] counts, int index) {
        return address(array, capacity, -1, counts, index);
    }

    private long address(int[] array, int capacity, int count, int[] counts, int index) {
        for (int i = 0; i < arrayCount; i++) {
            Part part = parts[i];
            if (part.array == array && part.count == count) {
                return region.deviceAddress() + part.offsetBytes;
            }
        }
        int needed = NumberStaging.sizeBytes(capacity);
        if (usedBytes + needed > region.sizeBytes()) {
            throw new IllegalStateException("a sequence needs more numbers than it did before: sizeBytes="
                    + region.sizeBytes() + " neededBytes=" + (usedBytes + needed));
        }
        if (arrayCount == parts.length) {
            parts = Arrays.copyOf(parts, 2 * arrayCount);
        }
        parts[arrayCount++] = new Part(array, capacity, count, counts, index, usedBytes);
        usedBytes += needed;
        return region.deviceAddress() + usedBytes - needed;
    }

    /**
     * Sends the arrays as they are now, and runs the sequence. The previous replay has ended.
     *
     * @throws IllegalStateException when an array has more numbers than its key allows
     */
    void replay() {
        int from = 0;
        int to = 0;
        for (int i = 0; i < arrayCount; i++) {
            Part part = parts[i];
            if (part.offsetBytes != to) {
                // A part was not filled to its end.
                staging.send(region, from, to);
                from = part.offsetBytes;
            }
            int count = part.counts == null ? part.count : part.counts[part.index];
            if (count > part.capacity) {
                throw new IllegalStateException("a replay has more numbers than its key stands for: key=" + key
                        + " capacity=" + part.capacity + " actual=" + count);
            }
            staging.put(region, part.offsetBytes, part.array, count);
            to = part.offsetBytes + NumberStaging.sizeBytes(count);
        }
        staging.send(region, from, to);
        Status.runtime(cudaGraphLaunch(graph, stream), "cudaGraphLaunch");
    }

    @Override
    public void close() {
        staging.release(region);
        if (recorded) {
            recorded = false;
            cudaGraphExecDestroy(graph);
        }
    }
}
