package org.clip4j.kernels;

import java.util.Random;
import java.util.function.Supplier;

/** A linear layer of one precision with normally distributed weights and inputs, and what it may be off by. */
public final class LinearTrial implements AutoCloseable {
    /**
     * What a precision rounds its operands to.
     *
     * @param relative error of a product
     * @param weightSteps from 0 to the largest weight of a column; 0 when weights have no steps
     * @param inputSteps from 0 to the largest input of a row, likewise
     */
    public record Rounding(double relative, int weightSteps, int inputSteps) {
        /** No operand is rounded. */
        public static final Rounding NONE = new Rounding(0, 0, 0);

        /**
         * Half a unit in the last place of bf16, of one operand or of both: of 8 bits the first stands for 1, so that the
         * last one is 2^-7, and half of it is lost at most.
         */
        public static Rounding bf16(int operands) {
            return new Rounding(operands * 0x1p-8 + (operands - 1) * 0x1p-16, 0, 0);
        }

        /** Half a step of both operands. */
        public static Rounding integers(int weightSteps, int inputSteps) {
            return new Rounding(0, weightSteps, inputSteps);
        }

        private static double half(double largest, int steps) {
            return steps == 0 ? 0 : largest / steps / 2;
        }
    }

    private final Rounding rounding;
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

    /** Opens a backend, which is closed with the trial. */
    public LinearTrial(Supplier<Backend> open, Rounding rounding, int rows, int depth, int columns) {
        this.rounding = rounding;
        this.rows = rows;
        this.depth = depth;
        this.columns = columns;
        backend = open.get();
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
    public static void check(Supplier<Backend> open, Rounding rounding) {
        int[][] sizes = {{1, 7, 9}, {3, 64, 65}, {13, 100, 130}, {50, 768, 128}, {77, 512, 192}, {130, 48, 64}};
        for (int[] size : sizes) {
            try (LinearTrial trial = new LinearTrial(open, rounding, size[0], size[1], size[2])) {
                trial.linear.run(trial.context, trial.x, trial.rows, trial.out);
                trial.compare(false);
                trial.out.floats().put(0, trial.before.floats(), 0, trial.out.elements());
                trial.linear.runAdd(trial.context, trial.x, trial.rows, trial.out);
                trial.compare(true);
            }
        }
    }

    /** Runs the layer on some of the rows. */
    public void run(int someRows) {
        linear.run(context, x, someRows, out);
    }

    private void compare(boolean added) {
        for (int row = 0; row < rows; row++) {
            for (int column = 0; column < columns; column++) {
                double sum = bias.get(column) + (added ? before.get(row, column) : 0);
                double magnitude = Math.abs(sum);
                double rounded = 0;
                double xHalf = Rounding.half(largest(x, row), rounding.inputSteps);
                double weightHalf = Rounding.half(largest(weight, column), rounding.weightSteps);
                for (int i = 0; i < depth; i++) {
                    double a = x.get(row, i);
                    double b = weight.get(column, i);
                    sum += a * b;
                    magnitude += Math.abs(a * b);
                    rounded += Math.abs(a * b) * rounding.relative + Math.abs(a) * weightHalf + Math.abs(b) * xHalf
                            + xHalf * weightHalf;
                }
                double expected = Math.max(0, sum);
                double limit = rounded * 1.001 + (depth + 4) * 0x1p-24 * magnitude;
                double actual = out.get(row, column);
                if (!(Math.abs(actual - expected) <= limit)) {
                    throw new AssertionError("wrong product: precision=" + backend.precision() + " threads="
                            + backend.threads()
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
