package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.clip4j.kernels.Trial.EPSILON;

import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention over ragged segments. */
interface AttentionContract extends BackendFixture {
    /** What exp and the division by the sum may add: a polynomial's error, and three roundings. */
    double SOFTMAX = 4e-7;

    @ParameterizedTest
    @CsvSource({"1, 8, false, 1", "2, 32, true, 1", "3, 64, false, 2", "2, 64, true, 3", "1, 80, true, 2",
            "2, 7, false, 3"})
    default void attentionMatchesReferenceForRaggedSegments(int heads, int headWidth, boolean causal, int threads) {
        try (Trial trial = trial(threads)) {
            int[] offsets = offsets(1, 2, 0, 17, 77, 50);
            Tensor qkv = trial.normal(offsets[offsets.length - 1], 3 * heads * headWidth);
            checkAttention(trial, AttentionInput.packed(qkv), offsets, offsets, heads, headWidth, causal, 3);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, true", "3, false", "5, true", "8, false", "15, true", "16, false", "17, true", "31, false",
            "33, true",
            "65, false"})
    default void attentionTakesLengthsAndWidthsAroundThoseOfVectors(int headWidth, boolean causal) {
        try (Trial trial = trial(2)) {
            int[] offsets = offsets(1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 65);
            Tensor qkv = trial.normal(offsets[offsets.length - 1], 3 * 2 * headWidth);
            checkAttention(trial, AttentionInput.packed(qkv), offsets, offsets, 2, headWidth, causal, 2);
        }
    }

    /** An image of ViT-B/32, a whole text, and, of ViT-L/14 at 336 pixels, two heads. */
    @ParameterizedTest
    @CsvSource({"50, 12, false", "77, 8, true", "577, 2, false"})
    default void attentionTakesTheSizesOfModels(int length, int heads, boolean causal) {
        try (Trial trial = trial(2)) {
            int[] offsets = offsets(length, length);
            Tensor qkv = trial.normal(2 * length, 3 * heads * 64);
            checkAttention(trial, AttentionInput.packed(qkv), offsets, offsets, heads, 64, causal, 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"257, false", "1025, true", "1300, false", "2050, true"})
    default void attentionTakesSegmentsLongerThanABlock(int length, boolean causal) {
        try (Trial trial = trial(2)) {
            int[] offsets = offsets(3, length);
            Tensor qkv = trial.normal(length + 3, 3 * 8);
            checkAttention(trial, AttentionInput.packed(qkv), offsets, offsets, 1, 8, causal, 0);
        }
    }

    @Test
    default void attentionTakesFewerQueriesThanKeys() {
        try (Trial trial = trial(2)) {
            int images = 3;
            Tensor queries = trial.normalRows(images, 64, 4);
            Tensor keys = trial.normalRows(images * 50, 64, 0);
            Tensor values = trial.normalRows(images * 50, 64, 7);
            checkAttention(trial, new AttentionInput(queries, keys, values), offsets(1, 1, 1), offsets(50, 50, 50), 2,
                    32,
                    false, 1);
        }
    }

    @Test
    default void causalQueriesAreTheNewestOfTheKeys() {
        try (Trial trial = trial(2)) {
            Tensor queries = trial.normal(6, 8);
            Tensor keys = trial.normal(21, 8);
            checkAttention(trial, new AttentionInput(queries, keys, trial.normal(21, 8)), offsets(3, 1, 2),
                    offsets(9, 5, 7), 1, 8, true, 0);
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 8, true, 1", "2, 64, true, 2", "3, 7, false, 3"})
    default void segmentsMayHaveKeysInCommon(int heads, int headWidth, boolean causal, int threads) {
        try (Trial trial = trial(threads)) {
            // Paths of a tree whose nodes are rows: 0-1-2-3-4, the same end again, 0-1-2-5-6, 0-1-2-5-7, 0-8.
            int[] keyRows = {0, 1, 2, 3, 4, 0, 1, 2, 3, 4, 0, 1, 2, 5, 6, 0, 1, 2, 5, 7, 0, 8};
            Tensor qkv = trial.normalRows(9, 3 * heads * headWidth, 5);
            checkAttention(trial, AttentionInput.packed(qkv), offsets(5, 0, 2, 1, 1), offsets(5, 5, 5, 5, 2), keyRows,
                    heads, headWidth, causal, 3);
        }
    }

    @Test
    default void pooledQueriesMayHaveKeysInCommon() {
        try (Trial trial = trial(2)) {
            int[] keyRows = {0, 2, 3, 4, 5, 0, 1, 6, 2, 3, 4, 1};
            Tensor keys = trial.normalRows(7, 64, 0);
            Tensor values = trial.normalRows(7, 64, 7);
            checkAttention(trial, new AttentionInput(trial.normal(4, 64), keys, values), offsets(1, 1, 1, 1),
                    offsets(5, 3, 3, 1), keyRows, 2, 32, false, 1);
        }
    }

    @Test
    default void attentionStaysFiniteForLargeScores() {
        try (Trial trial = trial(1)) {
            int[] offsets = offsets(17);
            Tensor qkv = trial.normal(DType.F32, 30, 17, 3 * 64);
            checkAttention(trial, AttentionInput.packed(qkv), offsets, offsets, 1, 64, false, 0);
        }
    }

    /** Every other row of a matrix is a key, and the queries are the newest seven of them. */
    @ParameterizedTest
    @CsvSource({"7, true", "8, false", "17, true", "33, true", "77, true"})
    default void keysMayLieApart(int keys, boolean causal) {
        try (Trial trial = trial(2)) {
            int[] keyRows = new int[keys];
            Arrays.setAll(keyRows, key -> 2 * key + 1);
            AttentionInput input = new AttentionInput(trial.normal(7, 24), trial.normalRows(2 * keys, 24, 5),
                    trial.normalRows(2 * keys, 24, 1));
            checkAttention(trial, input, offsets(7), offsets(keys), keyRows, 2, 12, causal, 1);
        }
    }

    @Test
    default void whatIsNoNumberSpoilsWhatSeesItAndNothingElse() {
        try (Trial trial = trial(2)) {
            int[] offsets = offsets(9, 13, 5);
            Tensor qkv = trial.normal(27, 3 * 2 * 8);
            qkv.set(12, 16 + 3, Double.NaN); // a key of head 0 of the second segment
            qkv.set(12, 32 + 8 + 5, Double.NaN); // a value of head 1
            AttentionInput input = AttentionInput.packed(qkv);
            input.segments(offsets, offsets, 3);
            GuardedTensor out = trial.output(27, 16, 1);
            trial.backend.attention(2, 8, false).run(trial.context, input, out.tensor());
            for (int row = 0; row < 27; row++) {
                for (int column = 0; column < 16; column++) {
                    boolean spoilt = row >= 9 && row < 22 && (column < 8 || column == 8 + 5);
                    assertThat(Double.isNaN(out.tensor().get(row, column))).as("row=%d column=%d seed=%d", row, column,
                            trial.seed).isEqualTo(spoilt);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    default void infiniteScoresAreAsTheirExponentials(boolean causal) {
        try (Trial trial = trial(1)) {
            Tensor qkv = trial.normal(11, 3 * 8);
            for (int row = 0; row < 11; row++) {
                qkv.set(row, 0, 1); // the factor of the infinity
            }
            qkv.set(2, 8, Double.NEGATIVE_INFINITY); // a key that counts for nothing
            qkv.set(10, 8, Double.POSITIVE_INFINITY); // one that leaves no number: inf - inf
            AttentionInput input = AttentionInput.packed(qkv);
            input.segments(offsets(8, 3), offsets(8, 3), 2);
            GuardedTensor out = trial.output(11, 8, 1);
            trial.backend.attention(1, 8, causal).run(trial.context, input, out.tensor());
            for (int row = 0; row < 11; row++) {
                boolean none = causal ? row == 10 : row >= 8;
                for (int column = 0; column < 8; column++) {
                    assertThat(Double.isNaN(out.tensor().get(row, column))).as("row=%d column=%d seed=%d", row, column,
                            trial.seed).isEqualTo(none);
                }
            }
        }
    }

    /** Ends of segments that start at 0. */
    private static int[] offsets(int... lengths) {
        int[] offsets = new int[lengths.length + 1];
        for (int i = 0; i < lengths.length; i++) {
            offsets[i + 1] = offsets[i] + lengths[i];
        }
        return offsets;
    }

    private static void checkAttention(Trial trial, AttentionInput input, int[] queryOffsets, int[] keyOffsets,
            int heads, int headWidth, boolean causal, int padding) {
        checkAttention(trial, input, queryOffsets, keyOffsets, null, heads, headWidth, causal, padding);
    }

    private static void checkAttention(Trial trial, AttentionInput input, int[] queryOffsets, int[] keyOffsets,
            int[] keyRows, int heads, int headWidth, boolean causal, int padding) {
        int segments = queryOffsets.length - 1;
        int queries = queryOffsets[segments];
        int width = heads * headWidth;
        String what = "attention segments=" + Arrays.toString(queryOffsets) + " heads=" + heads + " headWidth="
                + headWidth + " causal=" + causal + " keyRows=" + Arrays.toString(keyRows) + " threads="
                + trial.backend.threads();
        input.segments(queryOffsets, keyOffsets, keyRows, segments);
        Tensor expected = Trial.expected(queries, width);
        trial.reference.attention(heads, headWidth, causal).run(trial.referenceContext, input, expected);
        AttentionInput magnitudes = new AttentionInput(input.queries(), input.keys(), Trial.absolute(input.values()));
        magnitudes.segments(queryOffsets, keyOffsets, keyRows, segments);
        Tensor weighted = Trial.expected(queries, width); // sum of p * |v|
        trial.reference.attention(heads, headWidth, causal).run(trial.referenceContext, magnitudes, weighted);

        double[][] scoreErrors = scoreErrors(input, heads, headWidth);
        GuardedTensor out = trial.output(queries, width, padding);
        trial.backend.attention(heads, headWidth, causal).run(trial.context, input, out.tensor());
        out.check(what, expected, (row, column) -> {
            // A score off by d changes its weight, and the sum of all, by the factor exp(d).
            double relative = Math.expm1(2 * scoreErrors[row][column / headWidth]) + SOFTMAX;
            int keys = keysOf(row, queryOffsets, keyOffsets);
            return weighted.get(row, column) * (relative + (keys + 2) * EPSILON) + Float.MIN_NORMAL;
        });
    }

    private static int keysOf(int query, int[] queryOffsets, int[] keyOffsets) {
        int segment = 0;
        while (queryOffsets[segment + 1] <= query) {
            segment++;
        }
        return keyOffsets[segment + 1] - keyOffsets[segment];
    }

    /** Per query and head the largest error of a score: headWidth products, two roundings of the scale, the shift. */
    private static double[][] scoreErrors(AttentionInput input, int heads, int headWidth) {
        double[] q = Trial.values(Trial.absolute(input.queries()));
        double[] k = Trial.values(Trial.absolute(input.keys()));
        int width = heads * headWidth;
        double[][] errors = new double[input.queries().rows()][heads];
        for (int segment = 0; segment < input.segments(); segment++) {
            for (int query = input.queryOffset(segment); query < input.queryOffset(segment + 1); query++) {
                for (int key = input.keyOffset(segment); key < input.keyOffset(segment + 1); key++) {
                    for (int head = 0; head < heads; head++) {
                        double sum = 0;
                        for (int i = head * headWidth; i < (head + 1) * headWidth; i++) {
                            sum += q[query * width + i] * k[input.keyRow(key) * width + i];
                        }
                        // The shift by the maximum and the factor log2(e) round values up to twice as large.
                        double error = (headWidth + 2 + 4) * EPSILON * sum / Math.sqrt(headWidth);
                        errors[query][head] = Math.max(errors[query][head], error);
                    }
                }
            }
        }
        return errors;
    }
}
