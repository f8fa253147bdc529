package org.clip4j.benchmarks.nearest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clip4j.kernels.DType;

/** What one would write without a library: all rows as f32, one query, one thread, a loop, the nearest k kept sorted. */
final class PlainLoop {
    private static final int ROWS = 50_000;
    private static final int ROUNDS = 5;

    private PlainLoop() {}

    /** Nanoseconds per row, the best of some rounds over rows that do not fit a cache. */
    static double nanosPerRow(int width, int k) {
        FloatBuffer rows = ByteBuffer.allocateDirect(ROWS * width * Float.BYTES).order(ByteOrder.nativeOrder())
                .asFloatBuffer();
        GeneratedRows generated = new GeneratedRows(width, DType.F32);
        for (int row = 0; row < ROWS; row++) {
            rows.put(row * width, generated.row(row));
        }
        float[] query = generated.row(ROWS);
        float[] best = new float[k];
        double nanos = Double.POSITIVE_INFINITY;
        for (int round = -2; round < ROUNDS; round++) {
            long start = System.nanoTime();
            search(rows, query, best);
            nanos = Math.min(nanos, (double) (System.nanoTime() - start) / ROWS);
        }
        return nanos;
    }

    private static void search(FloatBuffer rows, float[] query, float[] best) {
        Arrays.fill(best, Float.NEGATIVE_INFINITY);
        for (int row = 0; row < ROWS; row++) {
            float sum = 0;
            for (int i = 0; i < query.length; i++) {
                sum += query[i] * rows.get(row * query.length + i);
            }
            int at = best.length - 1;
            if (sum > best[at]) {
                for (; at > 0 && best[at - 1] < sum; at--) {
                    best[at] = best[at - 1];
                }
                best[at] = sum;
            }
        }
    }
}
