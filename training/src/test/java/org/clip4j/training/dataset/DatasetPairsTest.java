package org.clip4j.training.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.clip4j.training.PairBatch;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DatasetPairsTest {
    private static final int COUNT = 7;
    private static final int SIDE = 8;

    @TempDir
    private Path folder;
    private SampleFiles files;

    @BeforeEach
    void start() throws IOException {
        files = new SampleFiles(folder);
        for (int i = 0; i < COUNT; i++) {
            files.picture("p" + i + ".png", 10 * i).text("p" + i + ".txt", "circle ".repeat(i + 1));
        }
    }

    @Test
    void deliversPreprocessedPicturesWithTheirCaptions() throws IOException {
        try (DatasetPairs pairs = files.pairs(3, 1, folder)) {
            assertThat(pairs.size()).isEqualTo(COUNT);
            PairBatch batch = new PairBatch(COUNT, SIDE, 12);
            pairs.read(0, COUNT, batch);
            assertThat(batch.size()).isEqualTo(COUNT);
            for (int i = 0; i < COUNT; i++) {
                int gray = gray(batch, i);
                int[] expected = SampleFiles.TOKENIZER.encodeTruncated("circle ".repeat(gray / 10 + 1));
                assertThat(Arrays.copyOfRange(batch.ids(), batch.offsets()[i], batch.offsets()[i + 1]))
                        .isEqualTo(expected);
            }
        }
    }

    @Test
    void showsEverySampleOnceInEachEpochInAnotherOrder() throws IOException {
        try (DatasetPairs pairs = files.pairs(3, 1, folder); DatasetPairs others = files.pairs(4, 1, folder)) {
            List<Integer> first = grays(pairs, 0, COUNT);
            List<Integer> second = grays(pairs, COUNT, COUNT);
            assertThat(first).containsExactlyInAnyOrder(0, 10, 20, 30, 40, 50, 60);
            assertThat(second).containsExactlyInAnyOrderElementsOf(first).isNotEqualTo(first);
            assertThat(grays(others, 0, COUNT)).isNotEqualTo(first);
        }
    }

    @Test
    void aPositionIsTheSameHoweverItIsReached() throws IOException {
        List<Integer> whole;
        try (DatasetPairs pairs = files.pairs(3, 1, folder)) {
            whole = grays(pairs, 0, 200);
        }
        try (DatasetPairs pairs = files.pairs(3, 3, folder)) {
            assertThat(grays(pairs, 190, 10)).isEqualTo(whole.subList(190, 200));
            assertThat(grays(pairs, 5, 4)).isEqualTo(whole.subList(5, 9));
            assertThat(grays(pairs, 0, 200)).isEqualTo(whole);
        }
    }

    @Test
    void aShardHasTheOrderOfAFolderOfItsSamples() throws IOException {
        List<Object> entries = new ArrayList<>();
        for (int i = 0; i < COUNT; i++) {
            entries.addAll(List.of("p" + i + ".png", 10 * i, "p" + i + ".txt", "circle"));
        }
        Path shard = new SampleFiles(Files.createDirectory(folder.resolve("shards"))).tar("a.tar", entries.toArray());
        try (DatasetPairs inFolder = files.pairs(3, 1, folder); DatasetPairs inShard = files.pairs(3, 2, shard)) {
            assertThat(grays(inShard, 0, 30)).isEqualTo(grays(inFolder, 0, 30));
        }
    }

    @Test
    void putsAnotherSampleInPlaceOfAnUnusableOneAndSaysSoOnce() throws IOException {
        files.text("p2.png", "this is no picture").text("p4.txt", " \n");
        List<Integer> first;
        try (DatasetPairs pairs = files.pairs(3, 1, folder)) {
            first = grays(pairs, 0, 5 * COUNT);
            assertThat(first).hasSize(5 * COUNT).doesNotContain(20, 40);
            assertThat(pairs.unusable()).isEqualTo(2);
        }
        assertThat(files.notes).hasSize(2).anyMatch(note -> note.contains("p2.png") && note.contains("position="))
                .anyMatch(note -> note.contains("p4.png") && note.contains("caption is empty"));
        List<String> said = List.copyOf(files.notes);
        files.notes.clear();
        try (DatasetPairs pairs = files.pairs(3, 4, folder)) {
            assertThat(grays(pairs, 2 * COUNT, 3 * COUNT)).isEqualTo(first.subList(2 * COUNT, 5 * COUNT));
            assertThat(grays(pairs, 0, 5 * COUNT)).isEqualTo(first);
        }
        assertThat(files.notes).hasSameSizeAs(said);
    }

    @Test
    void failsWhenAFileCannotBeReadAtAll() throws IOException {
        try (DatasetPairs pairs = files.pairs(3, 2, folder)) {
            Files.delete(folder.resolve("p3.png"));
            assertThatThrownBy(() -> grays(pairs, 0, COUNT)).isInstanceOf(DatasetException.class)
                    .hasMessageContaining("sample=p3.png").hasMessageContaining("position=");
        }
    }

    @Test
    void failsWhenNearlyNothingCanBeUsed() throws IOException {
        for (int i = 0; i < COUNT; i++) {
            files.text("p" + i + ".txt", " ");
        }
        try (DatasetPairs pairs = files.pairs(3, 1, folder)) {
            assertThatThrownBy(() -> grays(pairs, 0, 1)).isInstanceOf(DatasetException.class)
                    .hasMessageContaining("too few samples");
        }
    }

    @Test
    void refusesABatchOfAnotherResolution() throws IOException {
        try (DatasetPairs pairs = files.pairs(3, 1, folder)) {
            assertThatThrownBy(() -> pairs.read(0, 1, new PairBatch(1, SIDE + 1, 12)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("expectedResolution=8");
        }
    }

    private static List<Integer> grays(DatasetPairs pairs, long first, int count) throws IOException {
        PairBatch batch = new PairBatch(count, SIDE, 12);
        pairs.read(first, count, batch);
        List<Integer> grays = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            grays.add(gray(batch, i));
        }
        return grays;
    }

    private static int gray(PairBatch batch, int pair) {
        return batch.pixels().get(pair * 3 * SIDE * SIDE) & 0xFF;
    }
}
