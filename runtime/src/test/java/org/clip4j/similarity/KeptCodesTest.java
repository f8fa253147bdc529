package org.clip4j.similarity;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.DType;
import org.clip4j.weights.SafetensorsHeader;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class KeptCodesTest {
    private static final int WIDTH = 19;
    private static final int ROWS = 700;
    private static final IndexOptions PLAIN = IndexOptions.defaults().withBackend("java").withThreads(2);
    private static final IndexOptions CODED = PLAIN.withCodes(true);
    private static final String KEPT = "codes kept beside the file";
    private static final String MADE = "none are kept of the file as it is";

    @TempDir
    Path folder;

    private final Random random = new Random(11);
    private Path file;
    private Path codes;

    @BeforeEach
    void setUp() {
        file = folder.resolve("rows.safetensors");
        codes = folder.resolve("rows.safetensors.codes");
    }

    private float[] embeddings(int count) {
        float[] values = new float[count * WIDTH];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private void write(DType stored) throws IOException {
        try (EmbeddingFile embeddings = EmbeddingFile.create(file, WIDTH, stored)) {
            embeddings.append(FloatBuffer.wrap(embeddings(ROWS)), 0, ROWS);
        }
        settle();
    }

    /** Makes the file old enough for its codes to be kept at once. */
    private void settle() throws IOException {
        Files.setLastModifiedTime(file, FileTime.fromMillis(System.currentTimeMillis() - 60_000));
    }

    /** Searches with and without codes find the same. */
    private void sameResults(String expectedCodes) throws IOException {
        try (SimilarityIndex plain = SimilarityIndex.open(file, PLAIN);
                SimilarityIndex coded = SimilarityIndex.open(file, CODED)) {
            assertThat(plain.description()).doesNotContain("codes");
            assertThat(coded.description()).contains(expectedCodes);
            for (int i = 0; i < 5; i++) {
                float[] query = embeddings(1);
                assertThat(coded.nearest(query, 20)).isEqualTo(plain.nearest(query, 20));
            }
        }
    }

    private void truncate(Path path, long bytes) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.truncate(bytes);
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16"})
    void mapsWhatWasKept(DType stored) throws IOException {
        write(stored);
        sameResults(MADE);
        assertThat(codes).doesNotExist();
        assertThat(SimilarityIndex.keepCodes(file, CODED)).isTrue();
        sameResults(KEPT);
        byte[] kept = Files.readAllBytes(codes);
        assertThat(SimilarityIndex.keepCodes(file, CODED)).isFalse();
        assertThat(codes).hasBinaryContent(kept);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactlyInAnyOrder(file, codes);
        }
    }

    /** Without the codes of the second row, none of its searches would find it. */
    @Test
    void readsCodesFromTheFile() throws IOException {
        try (EmbeddingFile embeddings = EmbeddingFile.create(file, WIDTH, DType.F32)) {
            for (int row = 0; row < ROWS; row++) {
                float[] values = new float[WIDTH];
                values[0] = row == 1 ? 2 : 1;
                embeddings.append(values);
            }
        }
        settle();
        SimilarityIndex.keepCodes(file, CODED);
        float[] query = new float[WIDTH];
        query[0] = 1;
        try (SimilarityIndex index = SimilarityIndex.open(file, CODED)) {
            assertThat(index.nearest(query, 1)).containsExactly(new Match(1, 2));
        }
        try (FileChannel channel = FileChannel.open(codes, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            SafetensorsHeader header = SafetensorsHeader.read(channel, codes.toString());
            long scales = header.dataStartBytes() + header.tensors().stream()
                    .filter(entry -> entry.name().equals("scales")).findFirst().orElseThrow().begin();
            // Scales are [N,2]. Row 1 is of the sample of 256 of 700 rows no part.
            channel.write(ByteBuffer.allocate(8), scales + 8);
        }
        try (SimilarityIndex index = SimilarityIndex.open(file, CODED)) {
            assertThat(index.description()).contains(KEPT);
            assertThat(index.nearest(query, 1)).doesNotContain(new Match(1, 2));
        }
    }

    @Test
    void appendedEmbeddingsMakeThemStale() throws IOException {
        write(DType.F16);
        SimilarityIndex.keepCodes(file, CODED);
        try (EmbeddingFile embeddings = EmbeddingFile.openToAppend(file)) {
            embeddings.append(FloatBuffer.wrap(embeddings(300)), 0, 300);
        }
        sameResults(MADE);
        settle();
        sameResults(MADE);
        assertThat(SimilarityIndex.keepCodes(file, CODED)).isTrue();
        sameResults(KEPT);
    }

    @Test
    void anIndexThatIsOpenKeepsTheCodesOfWhatItSearches() throws IOException {
        write(DType.F32);
        SimilarityIndex.keepCodes(file, CODED);
        float[] query = embeddings(1);
        try (SimilarityIndex index = SimilarityIndex.open(file, CODED)) {
            List<Match> before = index.nearest(query, 20);
            try (EmbeddingFile embeddings = EmbeddingFile.openToAppend(file)) {
                embeddings.append(FloatBuffer.wrap(embeddings(300)), 0, 300);
            }
            settle();
            assertThat(SimilarityIndex.keepCodes(file, CODED)).isTrue();
            assertThat(index.nearest(query, 20)).isEqualTo(before);
        }
    }

    @Test
    void otherEmbeddingsOfTheSameSizeAndTimeAreNotTakenForTheSame() throws IOException {
        write(DType.BF16);
        SimilarityIndex.keepCodes(file, CODED);
        FileTime time = Files.getLastModifiedTime(file);
        Files.delete(file);
        write(DType.BF16);
        Files.setLastModifiedTime(file, time);
        sameResults("those that are kept are not of these rows");
        assertThat(SimilarityIndex.keepCodes(file, CODED)).isTrue();
        sameResults(KEPT);
    }

    @Test
    void waitsUntilAFileHasSettled() throws IOException {
        write(DType.F32);
        long now = System.currentTimeMillis();
        Files.setLastModifiedTime(file, FileTime.fromMillis(now - 1500));
        SimilarityIndex.keepCodes(file, CODED);
        assertThat(System.currentTimeMillis()).isGreaterThanOrEqualTo(now + 500);
        sameResults(KEPT);
    }

    @Test
    void saysWhatIsDamagedAndReplacesIt() throws IOException {
        write(DType.F32);
        SimilarityIndex.keepCodes(file, CODED);
        truncate(codes, Files.size(codes) - 1);
        sameResults("codes made of all rows: safetensors");
        sameResults("truncated");
        assertThat(SimilarityIndex.keepCodes(file, CODED)).isTrue();
        sameResults(KEPT);
        String json = Files.readString(codes, StandardCharsets.ISO_8859_1);
        Files.writeString(codes, json.replace("[700,2]", "[350,4]"), StandardCharsets.ISO_8859_1);
        sameResults("not the codes of these embeddings: file=" + codes);
        Files.writeString(codes, json.replace("largestNorm", "largestName"), StandardCharsets.ISO_8859_1);
        sameResults("codes have no norm: file=" + codes);
    }

    @Test
    void refusesBackendsWithoutCodesAndFilesWithoutRows() throws IOException {
        write(DType.F32);
        assertThatThrownBy(() -> SimilarityIndex.keepCodes(file, CODED.withBackend("reference")))
                .isInstanceOf(BackendException.class).hasMessageContaining("8 bits");
        assertThat(codes).doesNotExist();
        Path empty = folder.resolve("empty.safetensors");
        EmbeddingFile.create(empty, WIDTH, DType.F32).close();
        assertThatThrownBy(() -> SimilarityIndex.keepCodes(empty, CODED)).hasMessageContaining("no embeddings");
    }

    /** A map that lies behind the end of its file is not read: that would end the program. */
    @Test
    void saysThatAFileBecameShorter() throws IOException {
        write(DType.F32);
        SimilarityIndex.keepCodes(file, CODED);
        float[] query = embeddings(1);
        try (SimilarityIndex index = SimilarityIndex.open(file, CODED)) {
            List<Match> before = index.nearest(query, 5);
            for (Path path : List.of(file, codes)) {
                byte[] whole = Files.readAllBytes(path);
                truncate(path, 4096);
                for (int i = 0; i < 2; i++) {
                    assertThatThrownBy(() -> index.nearest(query, 5)).isInstanceOf(IllegalStateException.class)
                            .hasMessageContainingAll("became shorter", path.toString(),
                                    "expectedBytes>=" + whole.length,
                                    "actualBytes=4096");
                }
                Files.write(path, whole, StandardOpenOption.WRITE);
                assertThat(index.nearest(query, 5)).isEqualTo(before);
            }
        }
    }

    @Test
    void interruptedThreadsSearchToo() throws IOException {
        write(DType.F32);
        float[] query = embeddings(1);
        try (SimilarityIndex index = SimilarityIndex.open(file, PLAIN)) {
            List<Match> before = index.nearest(query, 5);
            Thread.currentThread().interrupt();
            List<Match> interrupted = index.nearest(query, 5);
            assertThat(Thread.interrupted()).isTrue();
            assertThat(interrupted).isEqualTo(before);
            assertThat(index.nearest(query, 5)).isEqualTo(before);
        }
    }

    @Test
    void searchesOfFilesAllocateNothing() throws IOException {
        write(DType.F32);
        SimilarityIndex.keepCodes(file, CODED);
        FloatBuffer query = FloatBuffer.wrap(embeddings(1));
        float[] scores = new float[10];
        int[] found = new int[10];
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (SimilarityIndex index = SimilarityIndex.open(file, CODED.withThreads(1));
                Searcher searcher = index.searcher(1, 10)) {
            long bytes = 1;
            for (int round = 0; round < 8 && bytes != 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1000; i++) {
                    searcher.search(query, 0, 1, 10, scores, found);
                }
                bytes = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(bytes).as("bytes in 1000 searches").isZero();
        }
    }
}
