package org.clip4j.kernels;

import static org.clip4j.kernels.Trial.EPSILON;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Linear layers and the activations that they end with. */
interface LinearContract extends BackendFixture {
    /** Sizes of a product. */
    record Product(int rows, int k, int n) {}

    /** One, primes, around the lanes of 8 and 16 and the blocks of 128 and 1024, and sizes of CLIP. */
    List<Product> SIZES = List.of(new Product(1, 1, 1), new Product(1, 7, 9), new Product(2, 8, 7),
            new Product(3, 9, 8), new Product(7, 63, 65), new Product(8, 64, 64), new Product(9, 65, 63),
            new Product(15, 127, 129), new Product(16, 128, 128), new Product(17, 129, 127), new Product(50,
                    512, 64),
            new Product(50, 64, 512), new Product(1, 768, 512), new Product(2, 3072, 129), new Product(1, 768, 3072),
            new Product(17, 768, 129), new Product(257, 64, 17), new Product(2, 2048, 1025),
            new Product(2, 65, 2048));

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    default void linearMatchesReferenceForOddSizes(int threads) {
        try (Trial trial = trial(threads)) {
            List<Activation> activations = List.of(Activation.values());
            for (int i = 0; i < SIZES.size(); i++) {
                Product size = SIZES.get(i);
                Tensor weight = trial.normal(DType.F32, 1 / Math.sqrt(size.k), size.n, size.k);
                Tensor bias = i % 3 == 0 ? null : trial.normal(size.n);
                Tensor x = trial.normalRows(size.rows, size.k, i % 2 * 5);
                checkLinear(trial, weight, bias, activations.get(i % activations.size()), x, i % 2 * 3);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F32", "F16", "BF16"})
    default void linearTakesWeightsOfAnyFloatingPointType(DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor weight = trial.normal(dtype, 1, 33, 65);
            if (dtype == DType.F64) {
                // The backend computes with weights rounded to f32; that rounding is not what is tested here.
                for (int i = 0; i < weight.elements(); i++) {
                    weight.set(i, (float) weight.get(i));
                }
            }
            Tensor bias = trial.normal(dtype == DType.F64 ? DType.F32 : dtype, 1, 33);
            checkLinear(trial, weight, bias, Activation.NONE, trial.normal(17, 65), 0);
        }
    }

    private static void checkLinear(Trial trial, Tensor weight, Tensor bias, Activation activation, Tensor x,
            int padding) {
        int rows = x.rows();
        int k = weight.columns();
        int n = weight.rows();
        String what = "linear rows=" + rows + " K=" + k + " N=" + n + " activation=" + activation + " bias="
                + (bias != null) + " threads=" + trial.backend.threads();
        Linear linear = trial.backend.linear(trial.arena, weight, bias, activation);
        Tensor sums = Trial.expected(rows, n);
        Tensor magnitudes = Trial.expected(rows, n);
        sum(weight, bias, x, sums, magnitudes);

        Tensor expected = Trial.expected(rows, n);
        trial.reference.linear(null, weight, bias, activation).run(trial.referenceContext, x, rows, expected);
        GuardedTensor out = trial.output(rows, n, padding);
        linear.run(trial.context, x, rows, out.tensor());
        // K products and K - 1 sums, then the bias.
        out.check(what, expected, (row, column) -> ActivationLimit.of(activation, sums.get(row, column),
                (k + 2) * EPSILON * magnitudes.get(row, column)));

        Tensor before = trial.normal(rows, n);
        Tensor added = Trial.copy(before);
        trial.reference.linear(null, weight, bias, activation).runAdd(trial.referenceContext, x, rows, added);
        GuardedTensor sum = trial.output(rows, n, padding);
        sum.fill(before);
        linear.runAdd(trial.context, x, rows, sum.tensor());
        sum.check(what + " added", added, (row, column) -> ActivationLimit.of(activation,
                before.get(row, column) + sums.get(row, column),
                (k + 3) * EPSILON * (magnitudes.get(row, column) + Math.abs(before.get(row, column)))));
    }

    /** What the limits are made of: the exact sums and those of the magnitudes. */
    private static void sum(Tensor weight, Tensor bias, Tensor x, Tensor sums, Tensor magnitudes) {
        double[] w = Trial.values(weight);
        double[] from = Trial.values(x);
        int k = weight.columns();
        for (int row = 0; row < x.rows(); row++) {
            for (int n = 0; n < weight.rows(); n++) {
                double sum = bias == null ? 0 : bias.get(n);
                double magnitude = Math.abs(sum);
                for (int i = 0; i < k; i++) {
                    double product = from[row * k + i] * w[n * k + i];
                    sum += product;
                    magnitude += Math.abs(product);
                }
                sums.set(row, n, sum);
                magnitudes.set(row, n, magnitude);
            }
        }
    }

    @Test
    default void linearLeavesFurtherRowsAlone() {
        try (Trial trial = trial(2)) {
            Linear linear = trial.backend.linear(trial.arena, trial.normal(20, 12), null, Activation.NONE);
            Tensor x = trial.normal(9, 12);
            GuardedTensor out = trial.output(5, 20, 0);
            GuardedTensor same = trial.output(5, 20, 0);
            linear.run(trial.context, x, 5, out.tensor());
            linear.run(trial.context, x.rows(0, 5), 5, same.tensor());
            out.check("linear with fewer rows than the input has", Trial.copy(same.tensor()), (row, column) -> 0);
            linear.run(trial.context, x, 0, out.tensor());
            out.check("linear of no rows", Trial.copy(same.tensor()), (row, column) -> 0);
        }
    }

    /** Activations alone: zero weights add nothing to what is already there. */
    @ParameterizedTest
    @CsvSource({"RELU", "QUICK_GELU", "GELU", "NONE"})
    default void activationsMatchTheirDefinitions(Activation activation) {
        try (Trial trial = trial(2)) {
            int n = 2003;
            int rows = 4;
            Tensor points = Trial.expected(rows, n);
            float[] extremes = {0f, -0f, Float.MIN_VALUE, -Float.MIN_VALUE, 1e-40f, -1e-40f, Float.MIN_NORMAL,
                    -Float.MIN_NORMAL, 1e-20f, -1e-20f, 1e4f, -1e4f, 1e10f, -1e10f, 1e19f, -1e19f, 1e30f, -1e30f,
                    Float.MAX_VALUE, -Float.MAX_VALUE};
            for (int i = 0; i < n; i++) {
                points.set(0, i, (float) (-40 + 80.0 * i / (n - 1)));
                points.set(1, i, (float) (-14 + 28 * trial.random.nextDouble()));
                points.set(2, i, (float) (trial.random.nextGaussian() * Math.pow(10, -i % 30)));
                points.set(3, i, extremes[i % extremes.length]);
            }
            Linear linear = trial.backend.linear(trial.arena, trial.arena.allocate(DType.F32, n, 1), null, activation);
            Tensor expected = Trial.copy(points);
            Tensor zeros = trial.arena.allocate(DType.F32, rows, 1);
            trial.reference.linear(null, Tensor.allocate(DType.F32, n, 1), null, activation)
                    .runAdd(trial.referenceContext, zeros, rows, expected);
            GuardedTensor out = trial.output(rows, n, 1);
            out.fill(points);
            linear.runAdd(trial.context, zeros, rows, out.tensor());
            out.check("activation " + activation, expected,
                    (row, column) -> ActivationLimit.of(activation, points.get(row, column), 0));
        }
    }
}
