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
    }

    CpuOperation operation() {
        return operation;
    }
}
