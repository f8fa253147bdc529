package org.clip4j.training.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderPairsTest {
    @TempDir
    private Path folder;
    private SampleFiles files;

    @BeforeEach
    void start() {
        files = new SampleFiles(folder);
    }

    @Test
    void pairsPicturesWithCaptionsOfTheSameNameAtAnyDepth() throws IOException {
        files.picture("b.png", 1).text("b.txt", "second").picture("sub/deep/a.v1.JPG", 2)
                .text("sub/deep/a.v1.TXT", "third").picture("a.png", 3).text("a.txt", "first");
        try (CaptionedSamples samples = files.captioned(folder)) {
            assertThat(SampleFiles.names(samples)).containsExactly("a.png", "b.png", "sub/deep/a.v1.JPG");
            assertThat(SampleFiles.captions(samples)).containsExactly("first", "second", "third");
        }
        assertThat(files.notes).isEmpty();
    }

    @Test
    void saysInOneLineForEachReasonWhatIsLeftOut() throws IOException {
        files.picture("a.png", 1).text("a.txt", "ok").picture("b.png", 2).picture("c.png", 3).text("d.txt", "x")
                .picture("e.png", 4).text("e.txt", "").picture(".hidden.png", 5).text("readme.md", "no");
        try (CaptionedSamples samples = files.captioned(folder)) {
            assertThat(SampleFiles.names(samples)).containsExactly("a.png");
        }
        assertThat(files.notes).containsExactly("2 pictures have no caption and are left out: first=b.png",
                "1 captions have no picture and are left out: first=d.txt",
                "1 captions are empty files and are left out with their pictures: first=e.txt");
    }

    @Test
    void readsCaptionsAsPeopleWriteThem() throws IOException {
        files.picture("a.png", 1).text("a.txt", "\uFEFFa dog\r\non a\tbeach \r\n").picture("b.png", 2)
                .text("b.txt", " \r\n\n").picture("c.png", 3).file("c.txt", new byte[]{'a', (byte) 0xE9})
                .picture("d.png", 4).file("d.txt", new byte[Captions.MAX_BYTES + 1]);
        try (CaptionedSamples samples = files.captioned(folder)) {
            assertThat(samples.caption(0)).isEqualTo("a dog on a beach");
            assertThatThrownBy(() -> samples.caption(1)).isInstanceOf(UnusableSampleException.class)
                    .hasMessageContaining("empty").hasMessageContaining("b.txt");
            assertThatThrownBy(() -> samples.caption(2)).isInstanceOf(UnusableSampleException.class)
                    .hasMessageContaining("not UTF-8").hasMessageContaining("c.txt");
            assertThatThrownBy(() -> samples.caption(3)).isInstanceOf(UnusableSampleException.class)
                    .hasMessageContaining("too long").hasMessageContaining("d.txt");
        }
    }

    @Test
    void takesNamesOfAnyScript() throws IOException {
        assumeThat(System.getProperty("sun.jnu.encoding")).as("file names of this locale").isEqualTo("UTF-8");
        files.picture("\u732b/\u00fcber \ud83d\ude00.png", 1).text("\u732b/\u00fcber \ud83d\ude00.txt", "a cat");
        try (CaptionedSamples samples = files.captioned(folder)) {
            assertThat(samples.name(0)).isEqualTo("\u732b/\u00fcber \ud83d\ude00.png");
            assertThat(samples.caption(0)).isEqualTo("a cat");
        }
    }

    @Test
    void passesOverLinksThatLeadNowhereOrBack() throws IOException {
        files.picture("in/a.png", 1).text("in/a.txt", "x");
        Files.createSymbolicLink(folder.resolve("in/b.png"), folder.resolve("none.png"));
        Files.createSymbolicLink(folder.resolve("in/loop"), folder);
        Files.createSymbolicLink(folder.resolve("in/c.png"), folder.resolve("in/a.png"));
        files.text("in/c.txt", "y");
        try (CaptionedSamples samples = files.captioned(folder)) {
            assertThat(SampleFiles.names(samples)).containsExactly("in/a.png", "in/c.png");
        }
        assertThat(files.notes).hasSize(2).anyMatch(note -> note.contains("lead nowhere"))
                .anyMatch(note -> note.contains("lead back"));
    }

    @Test
    void identityFollowsNamesAndSizes() throws IOException {
        files.picture("a.png", 1).text("a.txt", "x");
        String before = identity();
        assertThat(identity()).isEqualTo(before);
        files.text("a.txt", "xy");
        String longer = identity();
        assertThat(longer).isNotEqualTo(before);
        files.picture("b.png", 1).text("b.txt", "x");
        assertThat(identity()).isNotEqualTo(longer).hasSize(64);
    }

    private String identity() throws IOException {
        try (CaptionedSamples samples = files.captioned(folder)) {
            return samples.identity();
        }
    }

    @Test
    void refusesWhatIsNoDataSet() throws IOException {
        assertThatThrownBy(() -> files.captioned(folder)).isInstanceOf(DatasetException.class)
                .hasMessageContaining("no picture with a caption").hasMessageContaining(folder.toString());
        files.text("a.zip", "x");
        assertThatThrownBy(() -> files.captioned(folder.resolve("a.zip"))).isInstanceOf(DatasetException.class)
                .hasMessageContaining("neither a folder nor a tar shard");
        assertThatThrownBy(() -> files.captioned()).isInstanceOf(DatasetException.class);
        assertThatThrownBy(() -> files.captioned(folder, folder)).isInstanceOf(DatasetException.class)
                .hasMessageContaining("one folder");
    }
}
