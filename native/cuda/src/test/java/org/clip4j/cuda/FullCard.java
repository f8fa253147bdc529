package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaFree;
import static org.bytedeco.cuda.global.cudart.cudaMalloc;

import org.bytedeco.javacpp.Pointer;

/** A card whose memory is taken but for some of it. Stateless. */
final class FullCard {
    private FullCard() {}

    /** Runs something while only so much memory is left. */
    static void run(CudaDevice cuda, long leftBytes, Runnable work) {
        cuda.makeCurrent();
        Pointer taken = new Pointer();
        Status.runtime(cudaMalloc(taken, cuda.memory().freeBytes() - leftBytes), "cudaMalloc");
        try {
            work.run();
        } finally {
            cudaFree(taken);
        }
    }
}
