package org.clip4j.kernels;

/** Copies chosen rows. */
@FunctionalInterface
public interface RowGather {
    /**
     * out[i] = x[rows[i]] for i below {@code count}.
     *
     * @param out must not overlap {@code x}
     */
    void run(ExecutionContext context, Tensor x, int[] rows, int count, Tensor out);
}
