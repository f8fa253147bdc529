package org.clip4j.benchmarks.nearest;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.clip4j.benchmarks.Median;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;

/**
 * How fast the device copies and multiplies, by the backend's own operations.
 *
 * @param copyGigabytes per second, bytes read and written
 * @param matrixTeraflops of a large product in the backend's precision
 */
record Ceilings(double copyGigabytes, double matrixTeraflops) implements Limits {
    private static final int ROUNDS = 7;

    /** What is not given is measured. */
    static Ceilings of(Backend backend, NearestOptions options) {
        double copy = options.copyGigabytes() > 0 ? options.copyGigabytes() : copy(backend, options.onCard());
        double matrix = options.matrixTeraflops() > 0
                ? options.matrixTeraflops()
                : matrix(backend, options.onCard());
        return new Ceilings(copy, matrix);
    }

    @Override
    public void sample(double callMillis) {
        // Measured once: a card's clock does not depend on its neighbours.
    }

    @Override
    public double gigabytes() {
        return copyGigabytes;
    }

    @Override
    public double teraflops() {
        return matrixTeraflops;
    }

    @Override
    public double bestGigabytes() {
        return copyGigabytes;
    }

    @Override
    public double bestTeraflops() {
        return matrixTeraflops;
    }

    @Override
    public String memory() {
        return "copy";
    }

    @Override
    public String arithmetic() {
        return "matrix";
    }

    private static double copy(Backend backend, boolean onCard) {
        int width = 16384;
        int rows = onCard ? 16384 : 2048;
        try (Arena arena = backend.newArena(); ExecutionContext context = backend.newContext()) {
            Tensor from = arena.allocate(DType.F32, rows, width);
            Tensor to = arena.allocate(DType.F32, rows, width);
            int[] all = new int[rows];
            for (int i = 0; i < rows; i++) {
                all[i] = i;
            }
            RowGather gather = backend.rowGather(width);
            double millis = millis(() -> gather.run(context, from, all, rows, to), context, to);
            return 2.0 * rows * width * Float.BYTES / millis / 1e6;
        }
    }

    private static double matrix(Backend backend, boolean onCard) {
        int size = onCard ? 4096 : 1024;
        int rows = onCard ? 16384 : 1024;
        try (Arena arena = backend.newArena(); ExecutionContext context = backend.newContext()) {
            SplittableRandom random = new SplittableRandom(3);
            Tensor weight = Tensor.allocate(DType.F32, size, size);
            for (int i = 0; i < weight.elements(); i++) {
                weight.floats().put(i, (float) (random.nextDouble() - 0.5) / 16);
            }
            Linear linear = backend.linear(arena, onCard ? weight : inArena(arena, weight), null, Activation.NONE);
            Tensor seed = arena.allocate(DType.F32, size, size);
            context.upload(weight.floats(), 0, seed, seed.elements());
            Tensor x = arena.allocate(backend.activationType(), rows, size);
            Tensor out = arena.allocate(backend.activationType(), rows, size);
            // No zeros: products of them take less power, and a card is faster then.
            for (int row = 0; row < rows; row += size) {
                linear.run(context, seed, size, x.rows(row, row + size));
            }
            double millis = millis(() -> linear.run(context, x, rows, out), context, seed);
            return 2.0 * rows * size * size / millis / 1e9;
        }
    }

    private static Tensor inArena(Arena arena, Tensor weight) {
        Tensor copy = arena.allocate(DType.F32, weight.shape());
        copy.floats().put(0, weight.floats(), 0, weight.elements());
        return copy;
    }

    /** The median of some rounds of calls, each ended by a download, which waits. */
    private static double millis(Runnable call, ExecutionContext context, Tensor waitedFor) {
        FloatBuffer one = FloatBuffer.allocate(1);
        List<Double> rounds = new ArrayList<>();
        for (int round = -2; round < ROUNDS; round++) {
            int calls = 5;
            long start = System.nanoTime();
            for (int i = 0; i < calls; i++) {
                call.run();
            }
            context.download(waitedFor, one, 0, 1);
            if (round >= 0) {
                rounds.add((System.nanoTime() - start) / 1e6 / calls);
            }
        }
        return Median.of(rounds);
    }
}
