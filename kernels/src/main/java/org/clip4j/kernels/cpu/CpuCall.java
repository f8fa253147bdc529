package org.clip4j.kernels.cpu;

import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Tensor;

/** Arguments of the operation that a session is running; reused, so that a call allocates nothing. */
final class CpuCall {
    private CpuOperation operation;
    Tensor x;
    Tensor out;
    int count;
    boolean add;
    int[] indices;
    int[] offsets;
    AttentionInput attention;
    LaneTask task;
    /** Arguments of a packed layer, set by the operations that have one. */
    final PackedCall packed = new PackedCall();
    /** Arguments of a search. */
    final NearestCall nearest = new NearestCall();
    /** True in the first of two passes, which converts or gathers the input. */
    boolean preparing;
    int chunks;

    void reset(CpuOperation newOperation) {
        operation = newOperation;
        x = null;
        out = null;
        count = 0;
        add = false;
        indices = null;
        offsets = null;
        attention = null;
        task = null;
        preparing = false;
        chunks = 0;
    }

    CpuOperation operation() {
        return operation;
    }
}
