package org.clip4j.kernels;

import static org.clip4j.kernels.Trial.EPSILON;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** Operations that put token sequences together. */
interface TokenContract extends BackendFixture {
    @ParameterizedTest
    @CsvSource({"1, 1, 1, F32", "2, 49, 9, F16", "3, 7, 1025, BF16", "1, 256, 8, F64"})
    default void imageTokensMatchReference(int images, int patches, int width, DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor classEmbedding = trial.normal(dtype, 1, width);
            Tensor positions = trial.normal(dtype, 1, patches + 1, width);
            Tensor x = trial.normalRows(images * patches, width, images);
            int rows = images * (patches + 1);
            Tensor expected = Trial.expected(rows, width);
            trial.reference.imageTokens(null, classEmbedding, positions)
                    .run(trial.referenceContext, x, images, expected);
            GuardedTensor out = trial.output(rows, width, 1);
            trial.backend.imageTokens(trial.arena, classEmbedding, positions)
                    .run(trial.context, x, images, out.tensor());
            // One sum; with weights in F64 both of its terms are rounded as well.
            out.check("imageTokens dtype=" + dtype, expected, (row, column) -> sumLimit(expected.get(row, column),
                    positions.get(row % (patches + 1), column)));
        }
    }

    /** Roundings of both terms and of the sum. */
    private static double sumLimit(double sum, double term) {
        return EPSILON * (Math.abs(sum) + Math.abs(term) + Math.abs(sum - term)) * (1 + EPSILON);
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1, F32", "2, 49, 9, BF16", "3, 7, 1025, F32"})
    default void meanTokenMatchesReference(int images, int pixels, int width, DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor positions = trial.normal(dtype, 1, pixels + 1, width);
            Tensor x = trial.normalRows(images * pixels, width, images);
            int rows = images * (pixels + 1);
            Tensor expected = Trial.expected(rows, width);
            trial.reference.meanToken(null, positions).run(trial.referenceContext, x, images, expected);
            Tensor magnitudes = Trial.expected(rows, width);
            trial.reference.meanToken(null, Trial.absolute(positions))
                    .run(trial.referenceContext, Trial.absolute(x), images, magnitudes);
            GuardedTensor out = trial.output(rows, width, 1);
            trial.backend.meanToken(trial.arena, positions).run(trial.context, x, images, out.tensor());
            out.check("meanToken", expected, (row, column) -> EPSILON * magnitudes.get(row, column)
                    * (row % (pixels + 1) == 0 ? pixels + 2 : 1.01));
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F64", "F32", "F16", "BF16"})
    default void tokenEmbeddingTakesTablesOfAnyFloatingPointType(DType dtype) {
        try (Trial trial = trial(2)) {
            int width = 17;
            int[] ids = {12, 0, 5, 5, 12, 7, 1};
            int[] places = {0, 3, 3, 1, 2, 0, 1};
            Tensor table = trial.normal(dtype, 1, 13, width);
            Tensor positions = trial.normal(dtype, 1, 4, width);
            Tensor expected = Trial.expected(7, width);
            trial.reference.tokenEmbedding(null, table, positions)
                    .run(trial.referenceContext, ids, places, 7, expected);
            GuardedTensor out = trial.output(7, width, 2);
            trial.backend.tokenEmbedding(trial.arena, table, positions)
                    .run(trial.context, ids, places, 7, out.tensor());
            out.check("tokenEmbedding dtype=" + dtype, expected,
                    (row, column) -> sumLimit(expected.get(row, column), table.get(ids[row], column)));
        }
    }
}
