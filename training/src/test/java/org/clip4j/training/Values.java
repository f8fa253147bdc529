package org.clip4j.training;

import java.util.Random;
import java.util.function.DoubleSupplier;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.testing.Closeness;

/** Tensors of random values, and what is done with them in tests. */
final class Values {
    final long seed = Long.getLong("clip4j.seed", new Random().nextLong());
    private final Random random = new Random(seed);
    private final Arena arena;
    private final DType dtype;

    Values(Arena arena, DType dtype) {
        this.arena = arena;
        this.dtype = dtype;
    }

    Tensor normal(int... shape) {
        Tensor tensor = zeros(shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian());
        }
        return tensor;
    }

    Tensor zeros(int... shape) {
        return arena.allocate(dtype, shape);
    }

    /** With a gradient that is not zero, so that a backward pass that overwrites it is seen. */
    Parameter parameter(int... shape) {
        return new Parameter("p", normal(shape), normal(shape), true);
    }

    static Parameter copy(Parameter parameter) {
        return new Parameter(parameter.name(), copy(parameter.value()), copy(parameter.gradient()), true);
    }

    /** In double precision, without gaps between rows. */
    static Tensor copy(Tensor tensor) {
        Tensor result = Tensor.allocate(DType.F64, tensor.shape());
        double[] values = of(tensor);
        for (int i = 0; i < values.length; i++) {
            result.set(i, values[i]);
        }
        return result;
    }

    static double[] of(Tensor tensor) {
        double[] values = new double[tensor.elements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = tensor.get(i / tensor.columns(), i % tensor.columns());
        }
        return values;
    }

    static double max(Tensor... tensors) {
        double max = 0;
        for (Tensor tensor : tensors) {
            for (double value : of(tensor)) {
                max = Math.max(max, Math.abs(value));
            }
        }
        return max;
    }

    static Tensor absolute(Tensor tensor) {
        Tensor result = copy(tensor);
        for (int i = 0; i < result.elements(); i++) {
            result.set(i, Math.abs(result.get(i)));
        }
        return result;
    }

    /** Sum of the products of all elements. */
    static double dot(Tensor a, Tensor b) {
        double sum = 0;
        double[] left = of(a);
        double[] right = of(b);
        for (int i = 0; i < left.length; i++) {
            sum += left[i] * right[i];
        }
        return sum;
    }

    static AttentionInput attention(Tensor q, Tensor k, Tensor v, int[] queryOffsets, int[] keyOffsets) {
        AttentionInput input = new AttentionInput(q, k, v);
        input.segments(queryOffsets, keyOffsets, queryOffsets.length - 1);
        return input;
    }

    /**
     * Compares a gradient with central differences: 1e-6 of the value, or of the root mean square of all where that is
     * larger.
     *
     * @param before what the gradient was before the backward pass added to it
     */
    void checkGradient(String what, DoubleSupplier loss, Tensor x, Tensor gradient, double[] before) {
        double[] expected = new double[x.elements()];
        double[] actual = of(gradient);
        double squares = 0;
        // Five points: their error is of the fourth power of the step, 1e-14, and rounding is 1e-16 / step.
        double step = 3e-4;
        for (int i = 0; i < expected.length; i++) {
            double value = x.get(i);
            double difference = 0;
            for (int side = -2; side <= 2; side++) {
                double weight = side == 0 ? 0 : Math.signum(side) * (Math.abs(side) == 1 ? 8 : -1) / 12;
                x.set(i, value + side * step);
                difference += weight * loss.getAsDouble();
            }
            x.set(i, value);
            expected[i] = difference / step;
            squares += expected[i] * expected[i];
            actual[i] -= before == null ? 0 : before[i];
        }
        double rms = Math.sqrt(squares / expected.length);
        double[] limit = new double[expected.length];
        for (int i = 0; i < limit.length; i++) {
            limit[i] = 1e-6 * Math.max(Math.abs(expected[i]), rms);
        }
        Closeness.assertClose(what + " seed=" + seed, expected, actual, limit);
    }
}
