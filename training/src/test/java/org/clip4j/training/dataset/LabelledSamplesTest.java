package org.clip4j.training.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabelledSamplesTest {
    @TempDir
    private Path folder;
    private SampleFiles files;

    @BeforeEach
    void start() {
        files = new SampleFiles(folder);
    }

    @Test
    void takesTheClassFromTheOutermostFolder() throws IOException {
        files.picture("dog/b/x.png", 1).picture("cat/x.PNG", 2).picture("dog/a.png", 3).picture("loose.png", 4)
                .text("cat/notes.txt", "x");
        Files.createDirectory(folder.resolve("empty_one"));
        try (LabelledSamples samples = files.labelled(folder)) {
            assertThat(samples.classes()).containsExactly("cat", "dog", "empty_one");
            assertThat(SampleFiles.names(samples)).containsExactly("cat/x.PNG", "dog/a.png", "dog/b/x.png");
            assertThat(labels(samples)).containsExactly(0, 1, 1);
        }
        assertThat(files.notes).hasSize(2).anyMatch(note -> note.contains("loose.png"))
                .anyMatch(note -> note.contains("empty_one"));
    }

    @Test
    void ordersNumberedClassesOfShardsByNumber() throws IOException {
        Path shard = files.tar("a.tar", "1.cls", "10", "1.png", 5, "2.png", 6, "2.cls", " 9\n", "3.jpg", 7, "4.png", 8,
                "4.cls", "10", "5.png", 1, "5.cls", "");
        try (LabelledSamples samples = files.labelled(shard)) {
            assertThat(samples.classes()).containsExactly("9", "10");
            assertThat(labels(samples)).containsExactly(1, 0, 1);
            assertThat(SampleFiles.names(samples)).containsExactly("a.tar/1", "a.tar/2", "a.tar/4");
        }
        assertThat(files.notes).hasSize(2);
    }

    @Test
    void ordersNamedClassesOfShardsByName() throws IOException {
        Path shard = files.tar("a.tar", "1.cls", "b", "1.png", 5, "2.png", 6, "2.cls", "a");
        try (LabelledSamples samples = files.labelled(shard)) {
            assertThat(samples.classes()).containsExactly("a", "b");
            assertThat(labels(samples)).containsExactly(1, 0);
        }
    }

    @Test
    void refusesDataWithoutClasses() throws IOException {
        files.picture("a.png", 1);
        assertThatThrownBy(() -> files.labelled(folder)).isInstanceOf(DatasetException.class)
                .hasMessageContaining("expected=CLASS/NAME.jpg").hasMessageContaining("picturesOutside=1");
        Path shard = files.tar("x.tar", "1.png", 5);
        assertThatThrownBy(() -> files.labelled(shard)).isInstanceOf(DatasetException.class)
                .hasMessageContaining("NAME.cls");
    }

    private static int[] labels(LabelledSamples samples) {
        return IntStream.range(0, samples.size()).map(samples::label).toArray();
    }
}
