package org.clip4j.similarity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.DType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SimilarityIndexTest {
    private static final int WIDTH = 24;
    private static final int ROWS = 1000;
    private static final IndexOptions OPTIONS = IndexOptions.defaults().withBackend("java").withThreads(2);

    @TempDir
    Path folder;

    private final Random random = new Random(5);

    /** Small whole numbers, so that scores are exact in every type and many are equal. */
    private float[] embeddings(int count) {
        float[] values = new float[count * WIDTH];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextInt(7) - 3;
        }
        return values;
    }

    /** All rows by definition, nearest first. */
    private static List<Match> expected(float[] rows, int count, float[] query, int k) {
        List<Match> all = new ArrayList<>();
        for (int row = 0; row < count; row++) {
            float sum = 0;
            for (int i = 0; i < WIDTH; i++) {
                sum += rows[row * WIDTH + i] * query[i];
            }
            all.add(new Match(row, sum));
        }
        all.sort((a, b) -> a.score() == b.score()
                ? Integer.compare(a.row(), b.row())
                : Float.compare(b.score(), a.score()));
        return all.subList(0, Math.min(k, count));
    }

    @ParameterizedTest
    @CsvSource({"F32, false", "F16, false", "BF16, false", "F32, true", "F16, true", "BF16, true"})
    void findsTheNearestOfWhatWasAppended(DType stored, boolean coded) {
        float[] rows = embeddings(ROWS);
        float[] query = embeddings(1);
        try (SimilarityIndex index = SimilarityIndex.create(WIDTH, ROWS,
                OPTIONS.withStored(stored).withCodes(coded))) {
            assertThat(index.nearest(query, 5)).isEmpty();
            assertThat(index.append(FloatBuffer.wrap(rows), 0, 3)).isZero();
            assertThat(index.nearest(query, 5)).isEqualTo(expected(rows, 3, query, 5));
            assertThat(index.append(FloatBuffer.wrap(rows), 3 * WIDTH, ROWS - 4)).isEqualTo(3);
            float[] last = Arrays.copyOfRange(rows, (ROWS - 1) * WIDTH, ROWS * WIDTH);
            assertThat(index.append(last)).isEqualTo(ROWS - 1);
            assertThat(index.rows()).isEqualTo(ROWS);
            assertThat(index.stored()).isEqualTo(stored);
            for (int k : new int[]{1, 10, 128}) {
                assertThat(index.nearest(query, k)).isEqualTo(expected(rows, ROWS, query, k));
            }
        }
    }

    @Test
    void searchesManyQueriesWithoutAllocating() {
        float[] rows = embeddings(ROWS);
        int count = 37;
        float[] queries = embeddings(count);
        float[] scores = new float[count * 10];
        int[] found = new int[count * 10];
        try (SimilarityIndex index = SimilarityIndex.create(WIDTH, ROWS, OPTIONS)) {
            index.append(FloatBuffer.wrap(rows), 0, ROWS);
            FloatBuffer from = FloatBuffer.wrap(queries);
            try (Searcher searcher = index.searcher(count, 10)) {
                assertThat(searcher.search(from, 0, count, 10, scores, found)).isEqualTo(10);
                for (int q = 0; q < count; q++) {
                    float[] query = Arrays.copyOfRange(queries, q * WIDTH, (q + 1) * WIDTH);
                    List<Match> expected = expected(rows, ROWS, query, 10);
                    for (int i = 0; i < 10; i++) {
                        assertThat(new Match(found[q * 10 + i], scores[q * 10 + i])).as("query=%d", q)
                                .isEqualTo(expected.get(i));
                    }
                }
                ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
                long bytes = 1;
                for (int round = 0; round < 6 && bytes != 0; round++) {
                    long before = threads.getCurrentThreadAllocatedBytes();
                    for (int i = 0; i < 200; i++) {
                        searcher.search(from, 0, count, 10, scores, found);
                    }
                    bytes = threads.getCurrentThreadAllocatedBytes() - before;
                }
                assertThat(bytes).isZero();
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    void searchesAFileThatGrows(DType stored) throws IOException {
        Path path = folder.resolve("rows.safetensors");
        float[] rows = embeddings(ROWS);
        float[] query = embeddings(1);
        try (EmbeddingFile file = EmbeddingFile.create(path, WIDTH, stored)) {
            assertThatThrownBy(() -> SimilarityIndex.open(path, OPTIONS)).hasMessageContaining("no embeddings");
            assertThat(file.append(FloatBuffer.wrap(rows), 0, 700)).isZero();
        }
        try (SimilarityIndex index = SimilarityIndex.open(path, OPTIONS)) {
            try (EmbeddingFile file = EmbeddingFile.openToAppend(path)) {
                assertThat(file.append(FloatBuffer.wrap(rows), 700 * WIDTH, 300)).isEqualTo(700);
                file.force();
            }
            assertThat(index.rows()).isEqualTo(700);
            assertThat(index.nearest(query, 20)).isEqualTo(expected(rows, 700, query, 20));
            assertThatThrownBy(() -> index.append(query)).isInstanceOf(IllegalStateException.class);
        }
        try (SimilarityIndex index = SimilarityIndex.open(path, OPTIONS)) {
            assertThat(index.stored()).isEqualTo(stored);
            assertThat(index.nearest(query, 20)).isEqualTo(expected(rows, ROWS, query, 20));
        }
        try (SimilarityIndex index = SimilarityIndex.open(path, OPTIONS.withCodes(true))) {
            assertThat(index.nearest(query, 20)).isEqualTo(expected(rows, ROWS, query, 20));
        }
    }

    @Test
    void saysWhatBackendHasNoCodes() {
        assertThatThrownBy(() -> SimilarityIndex.create(WIDTH, 5, OPTIONS.withBackend("reference").withCodes(true)))
                .isInstanceOf(BackendException.class).hasMessageContainingAll("'reference'", "8 bits");
    }

    @Test
    void appendsWhileOthersSearch() throws InterruptedException, ExecutionException {
        float[] rows = embeddings(ROWS);
        float[] query = embeddings(1);
        ExecutorService threads = Executors.newFixedThreadPool(3);
        try (SimilarityIndex index = SimilarityIndex.create(WIDTH, ROWS, OPTIONS)) {
            index.append(FloatBuffer.wrap(rows), 0, 10);
            List<Future<?>> searches = new ArrayList<>();
            for (int thread = 0; thread < 3; thread++) {
                searches.add(threads.submit(() -> {
                    float[] scores = new float[5];
                    int[] found = new int[5];
                    try (Searcher searcher = index.searcher(1, 5)) {
                        int before = 10;
                        while (before < ROWS) {
                            searcher.search(FloatBuffer.wrap(query), 0, 1, 5, scores, found);
                            // The best score never falls.
                            assertThat(scores[0]).isGreaterThanOrEqualTo(expected(rows, before, query, 1).get(0)
                                    .score());
                            before = index.rows();
                        }
                    }
                }));
            }
            for (int row = 10; row < ROWS; row += 10) {
                index.append(FloatBuffer.wrap(rows), row * WIDTH, 10);
            }
            for (Future<?> search : searches) {
                search.get();
            }
        } finally {
            threads.shutdown();
        }
    }

    @Test
    void refusesWhatDoesNotFit() {
        try (SimilarityIndex index = SimilarityIndex.create(WIDTH, 2, OPTIONS)) {
            assertThatThrownBy(() -> index.append(new float[3])).hasMessageContaining("expected=24 actual=3");
            assertThatThrownBy(() -> index.append(FloatBuffer.allocate(3 * WIDTH), 0, 3))
                    .isInstanceOf(IllegalStateException.class).hasMessageContaining("capacityRows=2");
            assertThat(index.rows()).isZero();
            assertThatThrownBy(() -> index.append(FloatBuffer.allocate(WIDTH), 1, 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> index.searcher(1, 129)).hasMessageContaining("maxNearest=129");
            assertThatThrownBy(() -> index.searcher(0, 1)).hasMessageContaining("maxQueries=0");
            assertThatThrownBy(() -> index.nearest(new float[3], 1)).hasMessageContaining("wrong size");
            try (Searcher searcher = index.searcher(2, 3)) {
                assertThatThrownBy(() -> searcher.search(FloatBuffer.allocate(3 * WIDTH), 0, 3, 3, new float[9],
                        new int[9])).hasMessageContaining("maxQueries=2");
                assertThatThrownBy(() -> searcher.search(FloatBuffer.allocate(WIDTH), 0, 1, 4, new float[4],
                        new int[4])).hasMessageContaining("maxNearest=3");
                assertThatThrownBy(() -> searcher.search(FloatBuffer.allocate(WIDTH), 0, 1, 3, new float[2],
                        new int[3])).isInstanceOf(IndexOutOfBoundsException.class);
            }
        }
        assertThatThrownBy(() -> OPTIONS.withStored(DType.I8)).hasMessageContaining("stored=I8");
        assertThatThrownBy(() -> SimilarityIndex.create(0, 5, OPTIONS)).hasMessageContaining("width=0");
    }

    @Test
    void saysThatItIsClosed() {
        SimilarityIndex index = SimilarityIndex.create(WIDTH, 5, OPTIONS);
        index.append(embeddings(1));
        index.nearest(embeddings(1), 1);
        index.close();
        index.close();
        assertThatThrownBy(() -> index.append(embeddings(1))).hasMessageContaining("closed");
        assertThatThrownBy(() -> index.nearest(embeddings(1), 1)).hasMessageContaining("closed");
        assertThatThrownBy(() -> index.searcher(1, 1)).hasMessageContaining("closed");
    }
}
