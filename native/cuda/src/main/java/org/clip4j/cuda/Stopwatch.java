package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaEventCreate;
import static org.bytedeco.cuda.global.cudart.cudaEventDestroy;
import static org.bytedeco.cuda.global.cudart.cudaEventElapsedTime;
import static org.bytedeco.cuda.global.cudart.cudaEventRecord;
import static org.bytedeco.cuda.global.cudart.cudaEventSynchronize;
import static org.bytedeco.cuda.global.cudart.cudaMemsetAsync;

import java.util.Arrays;
import org.bytedeco.cuda.cudart.CUevent_st;
import org.bytedeco.javacpp.Pointer;

/** Times launches on a session's stream, each with the card's cache full of something else. Not thread-safe. */
final class Stopwatch implements AutoCloseable {
    private static final int ROUNDS = 5;
    /** Twice the second-level cache of an H200, 60 MB, and of the largest there is, 126 MB of a B200. */
    private static final long FLUSH_BYTES = 256L << 20;

    private final CudaDevice cuda;
    private final CudaContext session;
    private final Pointer flush;
    private final CUevent_st start = new CUevent_st();
    private final CUevent_st end = new CUevent_st();
    private final float[] millis = new float[ROUNDS];
    private final float[] one = new float[1];

    Stopwatch(CudaDevice cuda, CudaContext session) {
        this.cuda = cuda;
        this.session = session;
        flush = cuda.memory().allocate(FLUSH_BYTES);
        boolean complete = false;
        try {
            Status.runtime(cudaEventCreate(start), "cudaEventCreate");
            Status.runtime(cudaEventCreate(end), "cudaEventCreate");
            complete = true;
        } finally {
            if (!complete) {
                free();
            }
        }
    }

    /** The median of some rounds, behind one that does not count. */
    float millis(Runnable launches) {
        for (int round = -1; round < ROUNDS; round++) {
            Status.runtime(cudaMemsetAsync(flush, 0, FLUSH_BYTES, session.stream()), "cudaMemsetAsync");
            Status.runtime(cudaEventRecord(start, session.stream()), "cudaEventRecord");
            launches.run();
            Status.runtime(cudaEventRecord(end, session.stream()), "cudaEventRecord");
            Status.runtime(cudaEventSynchronize(end), "cudaEventSynchronize");
            Status.runtime(cudaEventElapsedTime(one, start, end), "cudaEventElapsedTime");
            millis[Math.max(0, round)] = one[0];
        }
        Arrays.sort(millis);
        return millis[ROUNDS / 2];
    }

    @Override
    public void close() {
        session.synchronize();
        free();
    }

    private void free() {
        for (CUevent_st event : new CUevent_st[]{start, end}) {
            if (!event.isNull()) {
                cudaEventDestroy(event);
            }
        }
        cuda.memory().free(flush);
    }
}
