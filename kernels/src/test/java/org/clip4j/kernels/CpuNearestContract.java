package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.clip4j.kernels.NearestContract.Search;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * What searches on a CPU promise beyond {@link NearestContract}: results are the same to the last bit, in 8 bits and without,
 * whatever the rows. A subclass is only a factory.
 */
public abstract class CpuNearestContract implements BackendFixture {
    /** Makes rows that codes find hard. */
    private enum Kind {
        /** Independent values. */
        NORMAL {
            @Override
            double value(Trial trial, double base, double scale) {
                return trial.random.nextGaussian();
            }
        },
        /** All rows nearly the same: what codes lack is more than the rows differ by. */
        CLUSTER {
            @Override
            double value(Trial trial, double base, double scale) {
                return base + trial.random.nextGaussian() / 1024;
            }
        },
        /** Norms that differ by many powers of ten, down to where scales are no normal numbers. */
        WIDE {
            @Override
            double value(Trial trial, double base, double scale) {
                return scale * trial.random.nextGaussian();
            }
        },
        /** One value that takes all the scale, so that the others' codes are zeros. */
        SPIKE {
            @Override
            double value(Trial trial, double base, double scale) {
                return trial.random.nextInt(24) == 0 ? 300 : 0.9 * trial.random.nextGaussian();
            }
        };

        abstract double value(Trial trial, double base, double scale);

        Tensor rows(Trial trial, int rows, int width) {
            Tensor x = trial.arena.allocate(DType.F32, rows, width);
            for (int row = 0; row < rows; row++) {
                double scale = Math.pow(10, trial.random.nextInt(70) - 50);
                for (int i = 0; i < width; i++) {
                    x.set(row, i, value(trial, Math.sin(i), scale));
                }
            }
            return x;
        }
    }

    private static void sameResults(Trial trial, NearestRows coded, NearestRows plain, Tensor queries, int rows,
            int k) {
        int count = queries.rows();
        Search actual = new Search(trial, coded, count, k).run(queries, rows);
        Search expected = new Search(trial, plain, count, k).run(queries, rows);
        for (int query = 0; query < count; query++) {
            for (int i = 0; i < k; i++) {
                String where = "query=" + query + " place=" + i + " seed=" + trial.seed;
                assertThat(actual.index(query, i)).as(where).isEqualTo(expected.index(query, i));
                assertThat(actual.scores.tensor().get(query, i)).as(where)
                        .isEqualTo(expected.scores.tensor().get(query, i));
            }
        }
        actual.checkGuards("codedNearestRows");
    }

    private static NearestRows filled(Trial trial, NearestRows nearest, Tensor rows) {
        nearest.set(trial.context, 0, rows, rows.rows());
        return nearest;
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 1, 1, F32, NORMAL", "1, 2, 7, 2, F16, NORMAL", "3, 31, 64, 10, F32, SPIKE",
            "2, 4097, 17, 3, BF16, NORMAL", "1, 1021, 31, 5, F32, CLUSTER", "5, 700, 33, 128, F32, WIDE",
            "8, 1500, 15, 10, F16, CLUSTER", "9, 1021, 16, 10, F32, WIDE", "16, 2053, 65, 10, F16, SPIKE",
            "17, 1031, 512, 10, F32, NORMAL", "1, 1500, 512, 10, F32, NORMAL", "33, 600, 40, 128, F32, CLUSTER",
            "300, 700, 24, 10, BF16, NORMAL", "2, 300, 4096, 10, F32, NORMAL", "11, 300, 4096, 10, F32, SPIKE"})
    void codesChangeNoResult(int queries, int rows, int width, int k, DType dtype, Kind kind) {
        try (Trial trial = trial(2)) {
            Tensor x = kind.rows(trial, rows, width);
            NearestRows plain = filled(trial, trial.backend.nearestRows(trial.arena, width, rows + 5, dtype), x);
            NearestRows coded = filled(trial, trial.backend.codedNearestRows(trial.arena, width, rows + 5, dtype), x);
            assertThat(coded.stored()).isEqualTo(dtype);
            sameResults(trial, coded, plain, trial.normalRows(queries, width, 3), rows, k);
            // Rows that were set anew, and zeros, which no one has set.
            coded.set(trial.context, rows / 2, x, rows - rows / 2);
            plain.set(trial.context, rows / 2, x, rows - rows / 2);
            sameResults(trial, coded, plain, trial.normalRows(queries, width, 1), rows + 5, k);
        }
    }

    /** The worst that codes can do: all that they lack points along the query. */
    @ParameterizedTest
    @CsvSource({"1, 0.499", "3, 0.499", "16, 0.499", "1, -0.499", "16, -0.499"})
    void codesMayLackAllOfTheScore(int queries, double part) {
        try (Trial trial = trial(1)) {
            int width = 64;
            int rows = 1200;
            Tensor x = trial.arena.allocate(DType.F32, rows, width);
            for (int row = 0; row < rows; row++) {
                // The first column gives the scale, and has no part in the score.
                x.set(row, 0, 127);
                for (int i = 1; i < width; i++) {
                    x.set(row, i, row == 1100 ? part : trial.random.nextInt(100) < 12 ? Math.signum(part) : 0);
                }
            }
            Tensor q = trial.arena.allocate(DType.F32, queries, width);
            for (int query = 0; query < queries; query++) {
                for (int i = 1; i < width; i++) {
                    q.set(query, i, query + 1);
                }
            }
            NearestRows plain = filled(trial, trial.backend.nearestRows(trial.arena, width, rows, DType.F32), x);
            NearestRows coded = filled(trial, trial.backend.codedNearestRows(trial.arena, width, rows, DType.F32), x);
            sameResults(trial, coded, plain, q, rows, 5);
            if (part > 0) {
                assertThat(new Search(trial, coded, queries, 1).run(q, rows).index(0, 0)).isEqualTo(1100);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    void codesOrderEqualScoresByRow(DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor x = rows(trial, 3001, 24, i -> trial.random.nextInt(3) - 1);
            NearestRows coded = filled(trial, trial.backend.codedNearestRows(trial.arena, 24, 3001, dtype), x);
            NearestRows reference = trial.reference.nearestRows(trial.reference.newArena(), 24, 3001, dtype);
            reference.set(trial.referenceContext, 0, x, 3001);
            for (int queries : new int[]{1, 5, 40}) {
                Tensor q = rows(trial, queries, 24, i -> trial.random.nextInt(5) - 2);
                Search actual = new Search(trial, coded, queries, 50).run(q, 3001);
                Tensor scores = Tensor.allocate(DType.F32, queries, 50);
                Tensor indices = Tensor.allocate(DType.I32, queries, 50);
                reference.run(trial.referenceContext, q, queries, 3001, 50, scores, indices);
                for (int i = 0; i < queries * 50; i++) {
                    assertThat(actual.index(i / 50, i % 50)).as("queries=%d at=%d seed=%d", queries, i, trial.seed)
                            .isEqualTo((int) indices.get(i));
                }
                actual.scores.check("codedNearestRows", scores, (row, column) -> 0);
            }
        }
    }

    private static Tensor rows(Trial trial, int rows, int width, IntToDoubleFunction values) {
        Tensor x = trial.arena.allocate(DType.F32, rows, width);
        for (int i = 0; i < x.elements(); i++) {
            x.set(i, values.applyAsDouble(i));
        }
        return x;
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    void rowsThatAreNoNumbersComeLastInAllTypes(DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor x = rows(trial, 900, 40, i -> trial.random.nextInt(7) - 3);
            for (int row = 0; row < 880; row += 2) {
                x.set(row, row % 40, row % 3 == 0 ? Double.NaN : row % 3 == 1 ? Double.NEGATIVE_INFINITY : 1e30);
            }
            x.set(5, 0, Double.POSITIVE_INFINITY);
            x.set(7, 1, Double.POSITIVE_INFINITY);
            x.set(7, 2, Double.NEGATIVE_INFINITY);
            NearestRows plain = filled(trial, trial.backend.nearestRows(trial.arena, 40, 900, dtype), x);
            NearestRows coded = filled(trial, trial.backend.codedNearestRows(trial.arena, 40, 900, dtype), x);
            NearestRows reference = trial.reference.nearestRows(trial.reference.newArena(), 40, 900, dtype);
            reference.set(trial.referenceContext, 0, x, 900);
            for (int queries : new int[]{1, 4, 20}) {
                Tensor q = rows(trial, queries, 40, i -> trial.random.nextInt(3) + 1);
                q.set(queries / 2, 3, Double.NaN);
                Tensor scores = Tensor.allocate(DType.F32, queries, 128);
                Tensor indices = Tensor.allocate(DType.I32, queries, 128);
                reference.run(trial.referenceContext, q, queries, 900, 128, scores, indices);
                sameResults(trial, coded, plain, q, 900, 128);
                Search actual = new Search(trial, coded, queries, 128).run(q, 900);
                for (int i = 0; i < queries * 128; i++) {
                    assertThat(actual.index(i / 128, i % 128)).as("queries=%d at=%d seed=%d", queries, i, trial.seed)
                            .isEqualTo((int) indices.get(i));
                }
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, false", "12, false", "1, true", "12, true"})
    void productsMayLeaveTheRangeOfF32(int queries, boolean isCoded) {
        try (Trial trial = trial(1)) {
            int rows = 500;
            Tensor x = trial.arena.allocate(DType.F32, rows, 8);
            for (int row = 0; row < rows; row++) {
                // The first product of a sum in f32 is infinite, the score is not.
                x.set(row, 0, -3e38);
                x.set(row, 1, 2.9e38 + row * 1e34);
            }
            Tensor q = rows(trial, queries, 8, i -> 2);
            NearestRows nearest = filled(trial, isCoded
                    ? trial.backend.codedNearestRows(trial.arena, 8, rows, DType.F32)
                    : trial.backend.nearestRows(trial.arena, 8, rows, DType.F32), x);
            Search search = new Search(trial, nearest, queries, 3).run(q, rows);
            for (int query = 0; query < queries; query++) {
                assertThat(List.of(search.index(query, 0), search.index(query, 1), search.index(query, 2)))
                        .containsExactly(499, 498, 497);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    void codesAreMadeOfRowsThatAreThereAlready(DType dtype) {
        try (Trial trial = trial(2)) {
            Tensor x = trial.normal(dtype, 1, 700, 24);
            ByteBuffer bytes = ByteBuffer.allocateDirect(700 * 24 * dtype.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN);
            bytes.put(0, x.bytes(), 0, bytes.capacity());
            Tensor host = Tensor.of(bytes, dtype, Tensor.NO_ADDRESS, 700, 24);
            RowBlocks blocks = new RowBlocks(List.of(host.rows(0, 256), host.rows(256, 512), host.rows(512, 700)));
            NearestRows coded = trial.backend.codedNearestRows(trial.arena, blocks);
            NearestRows plain = trial.backend.nearestRows(trial.arena, blocks);
            sameResults(trial, coded, plain, trial.normal(9, 24), 700, 20);
            sameResults(trial, coded, plain, trial.normal(1, 24), 513, 20);
        }
    }

    /** Such as a file's: without an address, and cut elsewhere than the rows. */
    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    void codesMayBeMadeBeforehandAndLieElsewhere(DType dtype) {
        try (Trial trial = trial(2)) {
            RowBlocks rows = new RowBlocks(List.of(trial.normal(dtype, 1, 700, 24)));
            RowCodes made = trial.backend.rowCodes(trial.arena, rows);
            Tensor codes = elsewhere(made.codes());
            Tensor scales = elsewhere(made.scales());
            RowCodes moved = new RowCodes(
                    new RowBlocks(List.of(codes.rows(0, 256), codes.rows(256, 512), codes.rows(512, 700))),
                    new RowBlocks(List.of(scales.rows(0, 512), scales.rows(512, 700))), made.largestNorm());
            NearestRows coded = trial.backend.codedNearestRows(rows, moved);
            NearestRows plain = trial.backend.nearestRows(trial.arena, rows);
            sameResults(trial, coded, plain, trial.normal(9, 24), 700, 20);
            sameResults(trial, coded, plain, trial.normal(1, 24), 513, 20);
            RowBlocks fewer = new RowBlocks(List.of(rows.block(0).rows(0, 699)));
            assertThatThrownBy(() -> trial.backend.codedNearestRows(fewer, moved)).hasMessageContaining("other rows");
            assertThatThrownBy(() -> new RowCodes(rows, moved.scales(), 1)).hasMessageContaining("codes=" + dtype);
        }
    }

    private static Tensor elsewhere(RowBlocks rows) {
        Tensor block = rows.block(0);
        ByteBuffer bytes = ByteBuffer.allocateDirect(block.elements() * block.dtype().sizeBytes());
        bytes.put(0, block.bytes(), 0, bytes.capacity());
        return Tensor.of(bytes, block.dtype(), Tensor.NO_ADDRESS, rows.rows(), rows.width());
    }

    @Test
    void searchesByCodesAllocateNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (Trial trial = trial(1)) {
            Tensor x = trial.normal(900, 32);
            NearestRows coded = filled(trial, trial.backend.codedNearestRows(trial.arena, 32, 900, DType.F16), x);
            Tensor scores = trial.arena.allocate(DType.F32, 20, 10);
            Tensor indices = trial.arena.allocate(DType.I32, 20, 10);
            Tensor queries = trial.normal(20, 32);
            for (int count : new int[]{1, 20}) {
                long bytes = 1;
                for (int round = 0; round < 8 && bytes != 0; round++) {
                    long before = threads.getCurrentThreadAllocatedBytes();
                    for (int call = 0; call < 1000; call++) {
                        coded.run(trial.context, queries, count, 900, 10, scores, indices);
                    }
                    bytes = threads.getCurrentThreadAllocatedBytes() - before;
                }
                assertThat(bytes).as("bytes in 1000 calls of %d queries", count).isZero();
            }
        }
    }
}
