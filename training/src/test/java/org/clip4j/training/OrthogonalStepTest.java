package org.clip4j.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.JavaBackendProvider;
import org.clip4j.testing.Closeness;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OrthogonalStepTest {
    private static final double RATE = 0.01;
    private static final double DECAY = 0.2;
    private static final double ORTHOGONAL = 0.4;
    private static final AdamW.Options OPTIONS = new AdamW.Options(0.9, 0.98, 1e-6, DECAY, Double.POSITIVE_INFINITY,
            ORTHOGONAL);

    private final CpuBackend backend = (CpuBackend) new JavaBackendProvider()
            .open(new BackendOptions(3, Precision.F32));
    private final Arena arena = backend.newArena();
    private final Values values = new Values(arena, DType.F32);

    @AfterEach
    void close() {
        arena.close();
        backend.close();
    }

    private Parameter parameter(String name, int rows, int columns) {
        return new Parameter("transformer.resblocks.0." + name, values.normal(rows, columns),
                values.normal(rows, columns), true);
    }

    @Test
    void followsTheIterationInDoublePrecision() {
        List<Parameter> parameters = List.of(parameter("mlp.c_fc.weight", 53, 17),
                parameter("mlp.c_proj.weight", 16, 33),
                parameter("attn.out_proj.weight", 31, 31), parameter("attn.in_proj_weight", 3 * 19, 19));
        double[][] expected = parameters.stream().map(parameter -> Values.of(parameter.value()))
                .toArray(double[][]::new);
        double[][] momentum = new double[parameters.size()][];
        int steps = 3;
        double[][] actualMomentum;
        try (AdamW optimizer = new AdamW(backend, arena, parameters, OPTIONS)) {
            for (int step = 0; step < steps; step++) {
                for (int p = 0; p < parameters.size(); p++) {
                    Tensor gradient = parameters.get(p).gradient();
                    Tensor fresh = values.normal(gradient.rows(), gradient.columns());
                    for (int i = 0; i < gradient.elements(); i++) {
                        gradient.set(i, fresh.get(i));
                    }
                    momentum[p] = momentum[p] == null ? new double[gradient.elements()] : momentum[p];
                    expect(expected[p], momentum[p], parameters.get(p));
                }
                optimizer.step(RATE);
            }
            actualMomentum = optimizer.moments().stream().map(own -> Values.of(own.mean())).toArray(double[][]::new);
        }
        for (int p = 0; p < parameters.size(); p++) {
            Parameter parameter = parameters.get(p);
            // The gradients' elements are below 6, their weighted sum below 18.
            Closeness.assertClose(parameter.name() + " momentum seed=" + values.seed, momentum[p], actualMomentum[p],
                    2 * steps * Math.ulp(18f));
            // A small singular value grows by 3.4445 in each iteration, and its error with it; K roundings of a product
            // grow as their root, a weight has one per step. Elements of directions are below 1.2.
            double longer = Math.max(parameter.value().rows(), parameter.value().columns());
            double limit = Math.ulp(1f) * steps * (4 + RATE * ORTHOGONAL * Math.sqrt(longer) * Math.sqrt(longer)
                    * Math.pow(3.4445, 5));
            Closeness.assertClose(parameter.name() + " seed=" + values.seed, expected[p],
                    Values.of(parameter.value()), limit);
        }
    }

    /** The same step, matrix by matrix, as the source writes it. */
    private static void expect(double[] weights, double[] momentum, Parameter parameter) {
        int matrices = parameter.matrices();
        int columns = parameter.value().columns();
        int rows = parameter.value().rows() / matrices;
        for (int m = 0; m < matrices; m++) {
            double[][] x = new double[rows][columns];
            double squares = 0;
            for (int i = 0; i < rows * columns; i++) {
                int at = m * rows * columns + i;
                double g = parameter.gradient().get(at);
                momentum[at] = 0.95 * momentum[at] + g;
                x[i / columns][i % columns] = 0.95 * momentum[at] + g;
                squares += Math.pow(x[i / columns][i % columns], 2);
            }
            for (double[] row : x) {
                for (int i = 0; i < columns; i++) {
                    row[i] /= Math.sqrt(squares);
                }
            }
            for (int iteration = 0; iteration < 5; iteration++) {
                double[][] gram = product(x, transposed(x));
                double[][] cubic = product(gram, x);
                double[][] quintic = product(gram, cubic);
                for (int row = 0; row < rows; row++) {
                    for (int i = 0; i < columns; i++) {
                        x[row][i] = 3.4445 * x[row][i] - 4.7750 * cubic[row][i] + 2.0315 * quintic[row][i];
                    }
                }
            }
            for (int i = 0; i < rows * columns; i++) {
                int at = m * rows * columns + i;
                weights[at] = weights[at] * (1 - RATE * DECAY)
                        - RATE * ORTHOGONAL * Math.sqrt(Math.max(rows, columns)) * x[i / columns][i % columns];
            }
        }
    }

    private static double[][] product(double[][] a, double[][] b) {
        double[][] c = new double[a.length][b[0].length];
        for (int i = 0; i < a.length; i++) {
            for (int k = 0; k < b.length; k++) {
                for (int j = 0; j < b[0].length; j++) {
                    c[i][j] += a[i][k] * b[k][j];
                }
            }
        }
        return c;
    }

    private static double[][] transposed(double[][] a) {
        double[][] t = new double[a[0].length][a.length];
        for (int i = 0; i < a.length; i++) {
            for (int j = 0; j < a[0].length; j++) {
                t[j][i] = a[i][j];
            }
        }
        return t;
    }

    @Test
    void leavesOtherParametersToAdam() {
        Parameter table = new Parameter("token_embedding.weight", values.normal(9, 8), values.normal(9, 8), true);
        Parameter bias = new Parameter("transformer.resblocks.0.mlp.c_fc.bias", values.normal(8), values.normal(8),
                false);
        double[] before = Values.of(table.value());
        double[] biasBefore = Values.of(bias.value());
        try (AdamW optimizer = new AdamW(backend, arena, List.of(table, bias), OPTIONS)) {
            optimizer.step(RATE);
        }
        expectFirstStep(table, before, 1 - RATE * DECAY);
        expectFirstStep(bias, biasBefore, 1);
    }

    /** Adam's first step is the rate times the gradient over its magnitude, to which epsilon is added. */
    private static void expectFirstStep(Parameter parameter, double[] before, double kept) {
        for (int i = 0; i < before.length; i++) {
            double gradient = parameter.gradient().get(i);
            double expected = before[i] * kept - RATE * gradient / (Math.abs(gradient) + OPTIONS.epsilon());
            // Half a unit in the last place of the product, the step's about 8 roundings, and that of the sum.
            double limit = (Math.abs(before[i]) * 2 + RATE * 8) * 0x1p-23;
            assertThat(parameter.value().get(i)).as(parameter.name() + " " + gradient)
                    .isCloseTo(expected, within(limit));
        }
    }

    @Test
    void aGradientOfZerosChangesNothingButByDecay() {
        Parameter weight = new Parameter("transformer.resblocks.0.mlp.c_fc.weight", values.normal(12, 5),
                values.zeros(12, 5), true);
        double[] expected = Values.of(weight.value());
        try (AdamW optimizer = new AdamW(backend, arena, List.of(weight), OPTIONS)) {
            optimizer.step(RATE);
        }
        for (int i = 0; i < expected.length; i++) {
            expected[i] *= 1 - RATE * DECAY;
        }
        Closeness.assertClose("weight seed=" + values.seed, expected, Values.of(weight.value()), 2 * Math.ulp(4f));
    }
}
