package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.clip4j.kernels.Trial.EPSILON;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The search of the nearest rows: exact, whatever the batch, and of equal scores the smaller row. */
interface NearestContract extends BackendFixture {
    /** Places of indices beside which nothing may be written. */
    int GUARD = 0x5A5A_5A5A;

    /** A search with guarded results. */
    final class Search {
        final Trial trial;
        final NearestRows nearest;
        final int queries;
        final int k;
        final GuardedTensor scores;
        final Tensor allIndices;
        final Tensor indices;

        Search(Trial trial, NearestRows nearest, int queries, int k) {
            this.trial = trial;
            this.nearest = nearest;
            this.queries = queries;
            this.k = k;
            scores = trial.output(queries, k, 1);
            allIndices = trial.arena.allocate(DType.I32, queries + 2, k + 2);
            for (int i = 0; i < allIndices.elements(); i++) {
                allIndices.bytes().putInt(i * Integer.BYTES, GUARD);
            }
            indices = allIndices.rows(1, queries + 1).columns(1, k + 1);
        }

        Search run(Tensor from, int rows) {
            nearest.run(trial.context, from, queries, rows, k, scores.tensor(), indices);
            return this;
        }

        int index(int query, int place) {
            return (int) indices.get(query, place);
        }

        void checkGuards(String what) {
            for (int row = 0; row < queries + 2; row++) {
                for (int column = 0; column < k + 2; column++) {
                    boolean inside = row > 0 && row <= queries && column > 0 && column <= k;
                    assertThat(inside || allIndices.get(row, column) == GUARD)
                            .as("%s: guard of indices row=%d column=%d seed=%d", what, row - 1, column - 1, trial.seed)
                            .isTrue();
                }
            }
        }
    }

    /** Rows with their oracle. */
    final class Stored {
        final NearestRows nearest;
        final NearestRows reference;

        Stored(Trial trial, DType dtype, int capacity, Tensor rows) {
            int width = rows.columns();
            nearest = trial.backend.nearestRows(trial.arena, width, capacity, dtype);
            reference = trial.reference.nearestRows(trial.reference.newArena(), width, capacity, dtype);
            set(trial, 0, rows);
        }

        void set(Trial trial, int firstRow, Tensor rows) {
            nearest.set(trial.context, firstRow, rows, rows.rows());
            reference.set(trial.referenceContext, firstRow, rows, rows.rows());
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1, F32", "1, 2, 7, 2, F16", "3, 31, 64, 10, F32", "2, 127, 63, 100, F32",
            "1, 257, 65, 10, F16", "7, 509, 512, 10, BF16", "8, 1021, 96, 100, F16", "9, 300, 128, 5, F16",
            "17, 2053, 64, 10, F16", "65, 4099, 66, 37, BF16", "1, 3001, 768, 128, F16", "33, 2600, 40, 128, F32",
            "2, 4097, 17, 3, BF16", "6, 1500, 31, 1, F16", "5, 3, 9, 3, F32", "16, 1031, 512, 10, F32",
            "300, 700, 24, 10, F32"})
    default void nearestRowsAreTheNearest(int queries, int rows, int width, int k, DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor x = trial.normalRows(rows, width, 3);
            Stored stored = new Stored(trial, dtype, rows + 5, x);
            Tensor q = trial.normalRows(queries, width, 1);
            check(trial, stored, dtype, x, q, rows, k);
        }
    }

    private static void check(Trial trial, Stored stored, DType dtype, Tensor x, Tensor q, int rows, int k) {
        int queries = q.rows();
        String what = "nearestRows queries=" + queries + " rows=" + rows + " width=" + x.columns() + " k=" + k
                + " dtype=" + dtype;
        Search search = new Search(trial, stored.nearest, queries, k).run(q, rows);
        Tensor expected = Trial.expected(queries, k);
        Tensor expectedRows = Tensor.allocate(DType.I32, queries, k);
        stored.reference.run(trial.referenceContext, asF32(q), queries, rows, k,
                Tensor.allocate(DType.F32, queries, k), expectedRows);
        double largest = largestNorm(x);
        for (int query = 0; query < queries; query++) {
            double limit = limit(x.columns(), norm(q, query)) * largest;
            double last = score(dtype, x, q, query, (int) expectedRows.get(query, k - 1));
            Set<Integer> seen = new HashSet<>();
            for (int i = 0; i < k; i++) {
                int row = search.index(query, i);
                String where = what + " query=" + query + " place=" + i + " row=" + row + " seed=" + trial.seed;
                assertThat(row).as(where).isBetween(0, rows - 1);
                assertThat(seen.add(row)).as(where + " is given twice").isTrue();
                double score = score(dtype, x, q, query, row);
                expected.set(query, i, score);
                // It may have passed another, by rounding, but not one that is clearly nearer.
                assertThat(score).as(where).isGreaterThanOrEqualTo(last - 2 * limit);
                if (i > 0) {
                    float before = (float) search.scores.tensor().get(query, i - 1);
                    float now = (float) search.scores.tensor().get(query, i);
                    assertThat(before > now || (before == now && search.index(query, i - 1) < row))
                            .as("%s: before=%s now=%s", where, before, now).isTrue();
                }
            }
        }
        search.scores.check(what, expected, (query, i) -> limit(x.columns(), norm(q, query)) * largest);
        search.checkGuards(what);
    }

    /** Of a sum of products in f32, relative to the product of the norms. */
    private static double limit(int width, double queryNorm) {
        return (width + 2) * EPSILON * queryNorm + Float.MIN_VALUE;
    }

    /** Without padding. */
    private static Tensor asF32(Tensor q) {
        Tensor result = Tensor.allocate(DType.F32, q.rows(), q.columns());
        for (int row = 0; row < q.rows(); row++) {
            for (int column = 0; column < q.columns(); column++) {
                result.set(row, column, q.get(row, column));
            }
        }
        return result;
    }

    private static double norm(Tensor x, int row) {
        double squares = 0;
        for (int i = 0; i < x.columns(); i++) {
            squares += x.get(row, i) * x.get(row, i);
        }
        return Math.sqrt(squares);
    }

    /** Of the rows as they are stored: rounding to bf16 adds less than a hundredth. */
    private static double largestNorm(Tensor x) {
        double largest = 0;
        for (int row = 0; row < x.rows(); row++) {
            largest = Math.max(largest, 1.01 * norm(x, row));
        }
        return largest;
    }

    private static double stored(DType dtype, double value) {
        return switch (dtype) {
            case F16 -> HalfPrecision.f16ToF32(HalfPrecision.f32ToF16((float) value));
            case BF16 -> HalfPrecision.bf16ToF32(HalfPrecision.f32ToBf16((float) value));
            default -> value;
        };
    }

    private static double score(DType dtype, Tensor x, Tensor q, int query, int row) {
        double sum = 0;
        for (int i = 0; i < x.columns(); i++) {
            sum += q.get(query, i) * stored(dtype, x.get(row, i));
        }
        return sum;
    }

    @ParameterizedTest
    @CsvSource({"1, 300, 9, 20, F32", "5, 1000, 64, 100, F16", "12, 2500, 64, 50, F16", "70, 2300, 16, 9, BF16",
            "4, 513, 33, 128, F32"})
    default void ofEqualScoresTheSmallerRowComesFirst(int queries, int rows, int width, int k, DType dtype) {
        try (Trial trial = trial(2)) {
            // Small whole numbers: all sums are exact, and many are equal.
            Tensor x = wholeNumbers(trial, rows, width, 1);
            Tensor q = wholeNumbers(trial, queries, width, 2);
            checkExact(trial, new Stored(trial, dtype, rows, x), q, rows, k);
        }
    }

    private static Tensor wholeNumbers(Trial trial, int rows, int width, int most) {
        Tensor x = trial.arena.allocate(DType.F32, rows, width);
        for (int i = 0; i < x.elements(); i++) {
            x.set(i, trial.random.nextInt(2 * most + 1) - most);
        }
        return x;
    }

    private static void checkExact(Trial trial, Stored stored, Tensor q, int rows, int k) {
        int queries = q.rows();
        Search search = new Search(trial, stored.nearest, queries, k).run(q, rows);
        Tensor scores = Tensor.allocate(DType.F32, queries, k);
        Tensor indices = Tensor.allocate(DType.I32, queries, k);
        stored.reference.run(trial.referenceContext, q, queries, rows, k, scores, indices);
        search.scores.check("nearestRows", scores, (row, column) -> 0);
        search.checkGuards("nearestRows");
        for (int query = 0; query < queries; query++) {
            for (int i = 0; i < k; i++) {
                assertThat(search.index(query, i)).as("query=%d place=%d score=%s seed=%d", query, i,
                        scores.get(query, i), trial.seed).isEqualTo((int) indices.get(query, i));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    default void allRowsMayBeEquallyNear(DType dtype) {
        try (Trial trial = trial(2)) {
            int rows = 9001;
            Tensor x = trial.arena.allocate(DType.F32, rows, 64);
            for (int i = 0; i < x.elements(); i++) {
                x.set(i, i % 64 % 5 - 2);
            }
            checkExact(trial, new Stored(trial, dtype, rows, x), wholeNumbers(trial, 11, 64, 3), rows, 13);
            Tensor zeros = trial.arena.allocate(DType.F32, 1, 64);
            checkExact(trial, new Stored(trial, dtype, rows, x), zeros, 300, 3);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 12})
    default void scoresThatAreNoNumbersComeLast(int queries) {
        try (Trial trial = trial(1)) {
            Tensor x = wholeNumbers(trial, 2100, 64, 2);
            x.set(5, 3, Double.NaN);
            x.set(6, 3, Double.POSITIVE_INFINITY);
            x.set(7, 3, Double.NEGATIVE_INFINITY);
            for (int row = 8; row < 2098; row++) {
                x.set(row, 60, Double.NaN);
            }
            Tensor q = wholeNumbers(trial, queries, 64, 2);
            q.set(0, 3, 2);
            if (queries > 1) {
                q.set(1, 3, 0); // times infinity
                q.set(2, 9, Double.NaN);
            }
            checkExact(trial, new Stored(trial, DType.F16, 2100, x), q, 2100, 100);
        }
    }

    @Test
    default void rowsAreReplacedAndOnlyTheFirstAreSearched() {
        try (Trial trial = trial(2)) {
            Tensor x = wholeNumbers(trial, 700, 24, 3);
            Stored stored = new Stored(trial, DType.F32, 2000, x);
            Tensor q = wholeNumbers(trial, 3, 24, 3);
            checkExact(trial, stored, q, 700, 30);
            checkExact(trial, stored, q, 699, 30);
            checkExact(trial, stored, q, 30, 30);
            // Zeros, which no one has set.
            checkExact(trial, stored, q, 2000, 128);
            stored.set(trial, 500, wholeNumbers(trial, 300, 24, 4));
            checkExact(trial, stored, q, 800, 30);
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F16", "BF16"})
    default void rowsMayComeAsTheyAreStoredAndFromTheHost(DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor x = trial.normal(dtype, 1, 400, 33);
            Stored stored = new Stored(trial, dtype, 400, x);
            ByteBuffer bytes = ByteBuffer.allocateDirect(400 * 33 * 2).order(ByteOrder.LITTLE_ENDIAN);
            bytes.put(0, x.bytes(), 0, bytes.capacity());
            NearestRows other = trial.backend.nearestRows(trial.arena, 33, 500, dtype);
            Tensor host = Tensor.of(bytes, dtype, Tensor.NO_ADDRESS, 400, 33);
            other.set(trial.context, 0, host, 150);
            other.set(trial.context, 150, host.rows(150, 400), 250);
            Tensor q = trial.normal(2, 33);
            Search one = new Search(trial, stored.nearest, 2, 10).run(q, 400);
            Search two = new Search(trial, other, 2, 10).run(q, 400);
            for (int i = 0; i < 20; i++) {
                assertThat(two.index(i / 10, i % 10)).isEqualTo(one.index(i / 10, i % 10));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    default void rowsMayBeThereAlready(DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor x = trial.normal(dtype, 1, 700, 24);
            Stored stored = new Stored(trial, dtype, 700, x);
            ByteBuffer bytes = ByteBuffer.allocateDirect(700 * 24 * dtype.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN);
            bytes.put(0, x.bytes(), 0, bytes.capacity());
            Tensor host = Tensor.of(bytes, dtype, Tensor.NO_ADDRESS, 700, 24);
            RowBlocks blocks = new RowBlocks(List.of(host.rows(0, 256), host.rows(256, 512), host.rows(512, 700)));
            Tensor q = trial.normal(9, 24);
            Search expected = new Search(trial, stored.nearest, 9, 20).run(q, 700);
            for (RowBlocks rows : List.of(blocks, new RowBlocks(List.of(host)))) {
                NearestRows nearest = trial.backend.nearestRows(trial.arena, rows);
                assertThat(nearest.capacityRows()).isEqualTo(700);
                Search actual = new Search(trial, nearest, 9, 20).run(q, 700);
                for (int i = 0; i < 9 * 20; i++) {
                    assertThat(actual.index(i / 20, i % 20)).isEqualTo(expected.index(i / 20, i % 20));
                }
                assertThatThrownBy(() -> nearest.set(trial.context, 0, x, 1))
                        .isInstanceOf(UnsupportedOperationException.class);
            }
        }
    }

    @Test
    default void aQueryHasTheSameResultInEveryBatch() {
        try (Trial trial = trial(3)) {
            Tensor x = trial.normal(5003, 64);
            Stored stored = new Stored(trial, DType.F16, 5003, x);
            Tensor q = trial.normal(140, 64);
            Search all = new Search(trial, stored.nearest, 140, 20).run(q, 5003);
            for (int first = 0; first < 140; first += 69) {
                for (int count : new int[]{1, 2}) {
                    Search few = new Search(trial, stored.nearest, count, 20).run(q.rows(first, first + count), 5003);
                    for (int i = 0; i < 20 * count; i++) {
                        int query = i / 20;
                        assertThat(few.index(query, i % 20)).as("query=%d place=%d seed=%d", first + query, i % 20,
                                trial.seed).isEqualTo(all.index(first + query, i % 20));
                        assertThat(few.scores.tensor().get(query, i % 20))
                                .isEqualTo(all.scores.tensor().get(first + query, i % 20));
                    }
                }
            }
        }
    }

    @Test
    default void refusesSearchesThatDoNotFit() {
        try (Trial trial = trial(1)) {
            Backend backend = trial.backend;
            refused(() -> backend.nearestRows(trial.arena, 0, 5, DType.F32), "width=0");
            refused(() -> backend.nearestRows(trial.arena, 5, 0, DType.F32), "capacityRows=0");
            refused(() -> backend.nearestRows(trial.arena, 5, 5, DType.I8), "stored=I8");
            refused(() -> backend.nearestRows(trial.arena, 5000, 5, DType.F32), "width=5000");
            NearestRows nearest = backend.nearestRows(trial.arena, 6, 50, DType.F16);
            Tensor x = trial.normal(50, 6);
            Tensor indices = trial.arena.allocate(DType.I32, 50, 6);
            refused(() -> nearest.set(trial.context, 1, x, 50), "firstRow=1", "count=50", "capacityRows=50");
            refused(() -> nearest.set(trial.context, -1, x, 5), "firstRow=-1");
            refused(() -> nearest.set(trial.context, 0, x.columns(0, 5), 5), "name=rows");
            refused(() -> nearest.set(trial.context, 0, trial.normal(DType.BF16, 1, 5, 6), 5), "name=rows", "BF16");
            refused(() -> nearest.run(trial.context, x, 2, 51, 3, x, indices), "rows=51", "capacityRows=50");
            refused(() -> nearest.run(trial.context, x, 2, 5, 6, x, indices), "k=6", "rows=5");
            refused(() -> nearest.run(trial.context, x, 2, 5, 0, x, indices), "k=0");
            refused(() -> nearest.run(trial.context, x, 2, 50, 129, x, indices), "k=129");
            refused(() -> nearest.run(trial.context, x, 51, 50, 3, x, indices), "name=queries");
            refused(() -> nearest.run(trial.context, x, 2, 50, 7, x, indices), "name=scores");
            refused(() -> nearest.run(trial.context, x, 2, 50, 6, x, indices.columns(0, 5)), "name=indices");
            refused(() -> nearest.run(trial.context, x, 2, 50, 6, x, x), "name=indices", "expected=I32");
        }
    }

    private static void refused(ThrowingCallable call, String... parts) {
        assertThatThrownBy(call).isInstanceOf(IllegalArgumentException.class).hasMessageContainingAll(parts);
    }
}
