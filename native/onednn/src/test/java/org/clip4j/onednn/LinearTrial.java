package org.clip4j.onednn;

import java.util.Random;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;

/** A linear layer of one precision with normally distributed weights and inputs, and what it may be off by. */
final class LinearTrial implements AutoCloseable {
    private final Precision precision;
    private final int rows;
    private final int depth;
    private final int columns;
    private final long seed = Long.getLong("clip4j.seed", new Random().nextLong());
    private final Backend backend;
    private final Arena arena;
    private final ExecutionContext context;
    private final Tensor weight;
    private final Tensor bias;
    private final Tensor x;
    private final Tensor before;
    private final Tensor out;
    private final Linear linear;

    LinearTrial(Precision precision, int threads, int rows, int depth, int columns) {
        this.precision = precision;
        this.rows = rows;
        this.depth = depth;
        this.columns = columns;
        backend = new OneDnnBackendProvider().open(new BackendOptions(threads, precision));
        arena = backend.newArena();
        context = backend.newContext();
        Random random = new Random(seed);
        weight = normal(random, columns, depth);
        bias = normal(random, columns);
        x = normal(random, rows, depth);
        before = normal(random, rows, columns);
        out = arena.allocate(DType.F32, rows, columns);
        linear = backend.linear(arena, weight, bias, Activation.RELU);
    }

    private Tensor normal(Random random, int... shape) {
        Tensor tensor = arena.allocate(DType.F32, shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian());
        }
        return tensor;
    }

    /** All sizes, set and added; throws when a value is further off than rounding explains. */
    static void check(Precision precision, int threads) {
        int[][] sizes = {{1, 7, 9}, {3, 64, 65}, {13, 100, 130}, {50, 768, 128}, {77, 512, 192}, {130, 48, 64}};
        for (int[] size : sizes) {
            try (LinearTrial trial = new LinearTrial(precision, threads, size[0], size[1], size[2])) {
                trial.linear.run(trial.context, trial.x, trial.rows, trial.out);
                trial.compare(false);
                trial.out.floats().put(0, trial.before.floats(), 0, trial.out.elements());
                trial.linear.runAdd(trial.context, trial.x, trial.rows, trial.out);
                trial.compare(true);
            }
        }
    }

    void run(int someRows) {
        linear.run(context, x, someRows, out);
    }

    private void compare(boolean added) {
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                double sum = bias.get(column) + (added ? before.get(row, column) : 0);
                double magnitude = Math.abs(sum);
                double rounding = 0;
                double xStep = largest(x, row) / 127 / 2;
                double weightStep = largest(weight, column) / 64 / 2;
                for (int i = 0; i < depth; i++) {
                    double a = x.get(row, i);
                    double b = weight.get(column, i);
                    sum += a * b;
                    magnitude += Math.abs(a * b);
                    // Half a step of both operands: bf16 has 8 bits.
                    rounding += switch (precision) {
                        case BF16 -> Math.abs(a * b) * (0x1p-8 + 0x1p-18);
                        case INT8 -> Math.abs(a) * weightStep + Math.abs(b) * xStep + xStep * weightStep;
                        default -> 0;
                    };
                }
                double expected = Math.max(0, sum);
                double limit = rounding * 1.001 + (depth + 4) * 0x1p-24 * magnitude;
                double actual = out.get(row, column);
                if (!(Math.abs(actual - expected) <= limit)) {
                    throw new AssertionError("wrong product: precision=" + precision + " threads=" + backend.threads()
                            + " rows=" + rows + " K=" + depth + " N=" + columns + " added=" + added + " row=" + row
                            + " column=" + column + " expected=" + expected + " actual=" + actual + " limit=" + limit
                            + " seed=" + seed);
                }
            }
        }
    }

    private static double largest(Tensor tensor, int row) {
        double largest = 0;
        for (int i = 0; i < tensor.columns(); i++) {
            largest = Math.max(largest, Math.abs(tensor.get(row, i)));
        }
        return largest;
    }

    @Override
    public void close() {
        context.close();
        arena.close();
        backend.close();
    }
}
