package org.clip4j.kernels;

import java.util.Random;
import org.clip4j.kernels.reference.ReferenceBackend;

/**
 * What one test of a backend works with: the backend, its oracle, memory for both, and a seeded source of numbers. The
 * seed is part of every failure's message; {@code -Dclip4j.seed=N} repeats a run.
 */
final class Trial implements AutoCloseable {
    /** Half the distance from 1 to the next float: the relative error of one rounding. */
    static final double EPSILON = 0x1p-24;

    final Backend backend;
    final Arena arena;
    final ExecutionContext context;
    final Backend reference = new ReferenceBackend();
    final ExecutionContext referenceContext = reference.newContext();
    final long seed = Long.getLong("clip4j.seed", new Random().nextLong());
    final Random random = new Random(seed);

    Trial(Backend backend) {
        this.backend = backend;
        this.arena = backend.newArena();
        this.context = backend.newContext();
    }

    /** Normally distributed values in the backend's memory. */
    Tensor normal(int... shape) {
        return normal(DType.F32, 1, shape);
    }

    /** Normally distributed values, rounded to a type. */
    Tensor normal(DType dtype, double deviation, int... shape) {
        Tensor tensor = arena.allocate(dtype, shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian() * deviation);
        }
        return tensor;
    }

    /** Normally distributed rows that lie {@code padding} elements apart; between them lies NaN. */
    Tensor normalRows(int rows, int columns, int padding) {
        Tensor whole = arena.allocate(DType.F32, rows, columns + padding);
        for (int i = 0; i < whole.elements(); i++) {
            whole.set(i, i % (columns + padding) < columns ? random.nextGaussian() : Double.NaN);
        }
        return whole.columns(0, columns);
    }

    /** A guarded place for a result in the backend's memory. */
    GuardedTensor output(int rows, int columns, int padding) {
        return new GuardedTensor(arena, rows, columns, padding, seed);
    }

    /** A place for what the oracle computes, in double precision. */
    static Tensor expected(int rows, int columns) {
        return Tensor.allocate(DType.F64, rows, columns);
    }

    /** Magnitudes, in double precision and without padding. */
    static Tensor absolute(Tensor tensor) {
        Tensor result = copy(tensor);
        for (int i = 0; i < result.elements(); i++) {
            result.set(i, Math.abs(result.get(i)));
        }
        return result;
    }

    /** A copy in double precision without padding. */
    static Tensor copy(Tensor tensor) {
        Tensor result = Tensor.allocate(DType.F64, tensor.shape());
        for (int row = 0; row < tensor.rows(); row++) {
            for (int column = 0; column < tensor.columns(); column++) {
                result.set(row, column, tensor.get(row, column));
            }
        }
        return result;
    }

    /** The values as an array without padding. */
    static double[] values(Tensor tensor) {
        int columns = tensor.columns();
        double[] values = new double[tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.get(i / columns, i % columns);
        }
        return values;
    }

    @Override
    public void close() {
        context.close();
        arena.close();
        backend.close();
    }
}
