package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.clip4j.kernels.Trial.EPSILON;

import java.nio.FloatBuffer;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Operations that treat each row for itself, and the ways in and out of a workspace. */
interface RowContract extends BackendFixture {
    /** One, around the lanes, and around the blocks of 1024. */
    List<Integer> WIDTHS = List.of(1, 2, 7, 8, 9, 64, 127, 512, 768, 1023, 1024, 1025, 2048, 2049);

    /** Numbers of rows that do and do not divide among lanes. */
    List<Integer> ROWS = List.of(1, 2, 3, 17, 50);

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    default void layerNormMatchesReferenceInPlaceOrNot(int threads) {
        try (Trial trial = trial(threads)) {
            for (int i = 0; i < WIDTHS.size(); i++) {
                int width = WIDTHS.get(i);
                int rows = ROWS.get(i % ROWS.size());
                // A mean a hundred deviations away, as the residual stream of a deep tower has in some columns.
                Tensor x = trial.normalRows(rows, width, i % 3);
                for (int column = 0; column < width; column++) {
                    x.set(0, column, 100 + x.get(0, column));
                }
                Tensor gain = trial.normal(DType.F32, 1, width);
                Tensor bias = trial.normal(DType.F16, 1, width);
                checkLayerNorm(trial, x, gain, bias, i % 2 == 0 ? 1e-5f : 1e-6f);
            }
        }
    }

    private static void checkLayerNorm(Trial trial, Tensor x, Tensor gain, Tensor bias, float epsilon) {
        int rows = x.rows();
        int width = x.columns();
        Tensor expected = Trial.expected(rows, width);
        trial.reference.layerNorm(null, gain, bias, epsilon).run(trial.referenceContext, x, rows, expected);
        double[] means = new double[rows];
        double[] scales = new double[rows];
        for (int row = 0; row < rows; row++) {
            for (int i = 0; i < width; i++) {
                means[row] += x.get(row, i) / width;
            }
            double variance = epsilon;
            for (int i = 0; i < width; i++) {
                variance += Math.pow(x.get(row, i) - means[row], 2) / width;
            }
            scales[row] = 1 / Math.sqrt(variance);
        }
        // The mean, rounded, is subtracted; difference, scale, two products and the sum are rounded.
        GuardedTensor.Limit limit = (row, column) -> EPSILON * (1.01 * Math.abs(means[row] * scales[row] * gain.get(
                column)) + 5 * Math.abs((x.get(row, column) - means[row]) * scales[row] * gain.get(column))
                + 2 * Math.abs(bias.get(column))) + Float.MIN_VALUE;
        LayerNorm layerNorm = trial.backend.layerNorm(trial.arena, gain, bias, epsilon);
        GuardedTensor out = trial.output(rows, width, 1);
        layerNorm.run(trial.context, x, rows, out.tensor());
        out.check("layerNorm rows=" + rows + " width=" + width, expected, limit);
        GuardedTensor inPlace = trial.output(rows, width, 2);
        inPlace.fill(x);
        layerNorm.run(trial.context, inPlace.tensor(), rows, inPlace.tensor());
        inPlace.check("layerNorm in place rows=" + rows + " width=" + width, expected, limit);
    }

    @Test
    default void layerNormOfEqualValuesIsTheBias() {
        try (Trial trial = trial(1)) {
            Tensor x = trial.normal(3, 9);
            for (int i = 0; i < 9; i++) {
                x.set(1, i, 0.1f);
                x.set(2, i, 0);
            }
            checkLayerNorm(trial, x.rows(1, 3), trial.normal(9), trial.normal(9), 1e-5f);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    default void l2NormalizeMatchesReferenceInPlaceOrNot(int threads) {
        try (Trial trial = trial(threads)) {
            for (int i = 0; i < WIDTHS.size(); i++) {
                int width = WIDTHS.get(i);
                int rows = ROWS.get(i % ROWS.size());
                Tensor x = trial.normalRows(rows, width, i % 3);
                for (int column = 0; column < width; column++) {
                    // Squares that f32 could not hold, at both ends.
                    x.set(0, column, x.get(0, column) * (i % 2 == 0 ? 1e-30 : 1e30));
                    x.set(rows - 1, column, i % 4 == 3 ? 0 : x.get(rows - 1, column));
                }
                Tensor expected = Trial.expected(rows, width);
                trial.reference.l2Normalize(width).run(trial.referenceContext, x, rows, expected);
                // Norm and quotient in double precision would leave one rounding; in f32 it is the norm's as well.
                GuardedTensor.Limit limit = (row, column) -> (width / 2.0 + 3) * EPSILON
                        * Math.abs(expected.get(row, column)) + Float.MIN_VALUE;
                L2Normalize l2Normalize = trial.backend.l2Normalize(width);
                GuardedTensor out = trial.output(rows, width, 1);
                l2Normalize.run(trial.context, x, rows, out.tensor());
                out.check("l2Normalize rows=" + rows + " width=" + width, expected, limit);
                GuardedTensor inPlace = trial.output(rows, width, 0);
                inPlace.fill(x);
                l2Normalize.run(trial.context, inPlace.tensor(), rows, inPlace.tensor());
                inPlace.check("l2Normalize in place rows=" + rows + " width=" + width, expected, limit);
            }
        }
    }

    @Test
    default void rowGatherCopiesRowsBitByBit() {
        try (Trial trial = trial(2)) {
            Tensor x = trial.normalRows(17, 9, 3);
            x.set(3, 4, Double.NaN);
            int[] rows = {16, 0, 3, 3, 7, 99};
            Tensor expected = Trial.expected(5, 9);
            trial.reference.rowGather(9).run(trial.referenceContext, x, rows, 5, expected);
            GuardedTensor out = trial.output(5, 9, 2);
            trial.backend.rowGather(9).run(trial.context, x, rows, 5, out.tensor());
            assertThat(out.tensor().get(2, 4)).isNaN();
            out.tensor().set(2, 4, 0);
            out.tensor().set(3, 4, 0);
            expected.set(2, 4, 0);
            expected.set(3, 4, 0);
            out.check("rowGather", expected, (row, column) -> 0);
        }
    }

    @Test
    default void uploadAndDownloadCopyWithoutMovingPositions() {
        try (Trial trial = trial(2)) {
            FloatBuffer source = FloatBuffer.wrap(new float[]{9, 1, 2, 3, 4, 9}).asReadOnlyBuffer();
            source.position(2);
            GuardedTensor workspace = trial.output(2, 2, 0);
            trial.context.upload(source, 1, workspace.tensor(), 4);
            Tensor expected = Trial.expected(2, 2);
            for (int i = 0; i < 4; i++) {
                expected.set(i, i + 1);
            }
            workspace.check("upload", expected, (row, column) -> 0);
            float[] values = new float[6];
            FloatBuffer target = FloatBuffer.wrap(values);
            trial.context.download(workspace.tensor(), target, 2, 3);
            assertThat(values).containsExactly(0, 0, 1, 2, 3, 0);
            assertThat(source.position()).isEqualTo(2);
            assertThat(target.position()).isZero();
        }
    }

    @Test
    default void uploadAndDownloadRefuseWhatDoesNotFit() {
        try (Trial trial = trial(1)) {
            Tensor tensor = trial.normal(2, 3);
            FloatBuffer five = FloatBuffer.allocate(5);
            FloatBuffer seven = FloatBuffer.allocate(7);
            assertThatThrownBy(() -> trial.context.upload(seven, 0, tensor, 7))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> trial.context.upload(five, 1, tensor, 5))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> trial.context.upload(five, 0, tensor, -1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> trial.context.download(tensor, seven, 0, 7))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> trial.context.download(tensor, five, 3, 3))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> trial.context.upload(five, 0, tensor.columns(0, 2), 4))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> trial.context.download(tensor.columns(0, 2), five, 0, 4))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }
}
