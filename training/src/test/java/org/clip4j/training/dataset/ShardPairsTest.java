package org.clip4j.training.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ShardPairsTest {
    private static final int BLOCK = 512;

    @TempDir
    private Path folder;
    private SampleFiles files;

    @BeforeEach
    void start() {
        files = new SampleFiles(folder);
    }

    @Test
    void groupsFilesByNameUpToTheFirstDot() throws IOException {
        Path shard = files.tar("s.tar", "./a/1.jpg", 10, "./a/1.txt", "one", "a/2.json", "{\"caption\":\"two\"}",
                "a/2.seg.png", 99, "a/2.PNG", 20, "__note.txt", "x", "b.1/3.txt", "three", "b.1/3.webp", 30);
        try (CaptionedSamples samples = files.captioned(shard)) {
            assertThat(SampleFiles.names(samples)).containsExactly("s.tar/a/1", "s.tar/a/2", "s.tar/b.1/3");
            assertThat(SampleFiles.captions(samples)).containsExactly("one", "two", "three");
            assertThat(grays(samples)).containsExactly(10, 20, 30);
        }
        assertThat(files.notes).isEmpty();
    }

    @Test
    void readsNamesLongerThanAHeader() throws IOException {
        String name = "folder/".repeat(40) + "\u732b";
        Path shard = files.tar("s.tar", name + ".png", 10, name + ".txt", "long", "x.png", 11, "x.txt", "short");
        try (CaptionedSamples samples = files.captioned(shard)) {
            assertThat(SampleFiles.names(samples)).containsExactly("s.tar/" + name, "s.tar/x");
            assertThat(grays(samples)).containsExactly(10, 11);
        }
    }

    @Test
    void saysInOneLineForEachReasonWhatIsLeftOut() throws IOException {
        Path shard = files.tar("s.tar", "1.png", 1, "2.txt", "x", "3.png", 3, "3.txt", "", "4.png", 4, "4.txt", "ok",
                "4.png", 5);
        try (CaptionedSamples samples = files.captioned(shard)) {
            assertThat(SampleFiles.names(samples)).containsExactly("s.tar/4");
            assertThat(grays(samples)).containsExactly(4);
        }
        assertThat(files.notes).hasSize(4).allMatch(note -> note.startsWith("1 "));
    }

    @Test
    void takesCompressedShardsAndDeletesWhatItUnpacked() throws IOException {
        Path shard = files.tar("s.tar.gz", "1.png", 1, "1.txt", "one");
        List<Path> before = unpacked();
        try (CaptionedSamples samples = files.captioned(shard)) {
            assertThat(grays(samples)).containsExactly(1);
            assertThat(unpacked()).hasSize(before.size() + 1);
        }
        assertThat(unpacked()).hasSameSizeAs(before);
    }

    private static List<Path> unpacked() throws IOException {
        try (var entries = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
            return entries.filter(file -> file.getFileName().toString().startsWith("clip4j-shard")).toList();
        }
    }

    @Test
    void expandsRangesAndFoldersOfShards() throws IOException {
        for (int i = 8; i <= 11; i++) {
            files.tar(String.format("s-%03d.tar", i), i + ".png", i, i + ".txt", "caption " + i);
        }
        try (CaptionedSamples samples = files.captioned(folder.resolve("s-{008..011}.tar"))) {
            assertThat(SampleFiles.captions(samples)).containsExactly("caption 8", "caption 9", "caption 10",
                    "caption 11");
            try (CaptionedSamples same = files.captioned(folder)) {
                assertThat(same.identity()).isEqualTo(samples.identity());
            }
        }
        try (CaptionedSamples samples = files.captioned(folder.resolve("s-010.tar"), folder.resolve("s-008.tar"))) {
            assertThat(SampleFiles.captions(samples)).containsExactly("caption 10", "caption 8");
        }
        assertThatThrownBy(() -> files.captioned(folder.resolve("s-{008..012}.tar")))
                .isInstanceOf(NoSuchFileException.class).hasMessageContaining("s-012.tar");
        assertThatThrownBy(() -> files.captioned(folder.resolve("s-{9..8}.tar")))
                .isInstanceOf(DatasetException.class).hasMessageContaining("range");
        assertThatThrownBy(() -> files.captioned(folder.resolve("s-{0..999999999}.tar")))
                .isInstanceOf(DatasetException.class).hasMessageContaining("range");
    }

    @Test
    void refusesShardsThatAreCutShort() throws IOException {
        byte[] whole = Files.readAllBytes(files.tar("s.tar", "1.png", 1, "1.txt", "a caption", "2.png", 1, "2.txt",
                "x"));
        for (int length : new int[]{100, BLOCK - 1, BLOCK + 10, 2 * BLOCK + 200}) {
            Path cut = Files.write(folder.resolve("cut.tar"), Arrays.copyOf(whole, length));
            refused(cut).isInstanceOf(DatasetException.class).hasMessageContaining("cut.tar");
        }
        byte[] packed = Files.readAllBytes(files.tar("s.tar.gz", "1.png", 1, "1.txt", "a caption"));
        Path cut = Files.write(folder.resolve("cut.tar.gz"), Arrays.copyOf(packed, packed.length - 20));
        refused(cut).isInstanceOf(DatasetException.class).hasMessageContaining("cannot be unpacked")
                .hasMessageContaining("cut.tar.gz");
    }

    @Test
    void refusesSizesThatTheFileDoesNotHave() throws IOException {
        byte[] bytes = Files.readAllBytes(files.tar("s.tar", "1.png", 1, "1.txt", "x"));
        // ustar: the size is 11 octal digits from byte 124 on
        System.arraycopy("77777777777".getBytes(StandardCharsets.US_ASCII), 0, bytes, 124, 11);
        checksum(bytes, 0);
        refused(Files.write(folder.resolve("huge.tar"), bytes)).isInstanceOf(DatasetException.class)
                .hasMessageContaining("expectedBytes=8589934591").hasMessageContaining("actualBytes=");
    }

    @Test
    void refusesHeadersThatWouldFillTheMemory() throws IOException {
        // A GNU long name of 8 MiB.
        byte[] bytes = Arrays.copyOf(header("././@LongLink", 'L', 8 << 20), BLOCK + (8 << 20) + 2 * BLOCK);
        Arrays.fill(bytes, BLOCK, BLOCK + (8 << 20), (byte) 'a');
        refused(Files.write(folder.resolve("long.tar"), bytes)).isInstanceOf(DatasetException.class)
                .hasMessageContaining("header is longer than");
    }

    @Test
    void refusesNamesThatLeadOutOfTheArchive() throws IOException {
        for (String name : List.of("../../x.png", "a/../../x.png", "/etc/x.png", "..\\x.png", "a\u0007.png")) {
            Path shard = Files.write(folder.resolve("out.tar"), Arrays.copyOf(header(name, '0', 0), 3 * BLOCK));
            refused(shard).isInstanceOf(DatasetException.class).hasMessageContaining("entry whose name");
        }
    }

    @Test
    void passesOverLinksWithinShards() throws IOException {
        byte[] good = Files.readAllBytes(files.tar("s.tar", "1.png", 1, "1.txt", "x"));
        byte[] link = header("0.png", '2', 0);
        System.arraycopy("/etc/passwd".getBytes(StandardCharsets.US_ASCII), 0, link, 157, 11);
        checksum(link, 0);
        byte[] bytes = ByteBuffer.allocate(BLOCK + good.length).put(link).put(good).array();
        try (CaptionedSamples samples = files.captioned(Files.write(folder.resolve("link.tar"), bytes))) {
            assertThat(SampleFiles.names(samples)).containsExactly("link.tar/1");
        }
    }

    @Test
    void refusesWhatIsNoArchiveInOneLine() throws IOException {
        byte[] page = "<!DOCTYPE html><title>404</title>".repeat(40).getBytes(StandardCharsets.US_ASCII);
        refused(Files.write(folder.resolve("page.tar"), page)).isInstanceOf(DatasetException.class)
                .hasMessageContaining("page.tar");
        refused(Files.write(folder.resolve("empty.tar"), new byte[0])).isInstanceOf(DatasetException.class)
                .hasMessageContaining("no picture with a caption");
    }

    @Test
    void endsInAResultOrOneLineHoweverTheArchiveIsDamaged() throws IOException {
        byte[] whole = Files.readAllBytes(files.tar("s.tar", "1.png", 1, "1.txt", "a caption", "folder/".repeat(40)
                + "2.png", 1, "folder/".repeat(40) + "2.txt", "x"));
        Random random = new Random(5);
        Path shard = folder.resolve("fuzz.tar");
        for (int run = 0; run < 500; run++) {
            byte[] bytes = whole.clone();
            int block = random.nextInt(bytes.length / BLOCK) * BLOCK;
            for (int i = 0; i <= random.nextInt(4); i++) {
                bytes[block + random.nextInt(BLOCK)] = (byte) random.nextInt(256);
            }
            if (random.nextBoolean()) {
                checksum(bytes, block);
            }
            Files.write(shard, bytes);
            try (CaptionedSamples samples = files.captioned(shard)) {
                assertThat(samples.size()).as("run=%d", run).isPositive();
                for (int i = 0; i < samples.size(); i++) {
                    samples.image(i);
                }
                SampleFiles.captions(samples);
            } catch (DatasetException | UnusableSampleException e) {
                assertThat(e.getMessage()).as("run=%d", run).doesNotContain("\n", "\r").hasSizeLessThan(600);
            }
        }
    }

    private org.assertj.core.api.AbstractThrowableAssert<?, ? extends Throwable> refused(Path shard) {
        return assertThatThrownBy(() -> files.captioned(shard).close());
    }

    /** A header of the ustar format. */
    private static byte[] header(String name, char type, int size) {
        byte[] header = new byte[BLOCK];
        put(header, 0, name);
        put(header, 100, "0000644");
        put(header, 108, "0000000");
        put(header, 116, "0000000");
        put(header, 124, String.format("%011o", size));
        put(header, 136, "00000000000");
        header[156] = (byte) type;
        put(header, 257, "ustar");
        put(header, 263, "00");
        checksum(header, 0);
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private static void checksum(byte[] bytes, int block) {
        Arrays.fill(bytes, block + 148, block + 156, (byte) ' ');
        int sum = 0;
        for (int i = 0; i < BLOCK; i++) {
            sum += bytes[block + i] & 0xFF;
        }
        put(bytes, block + 148, String.format("%06o", sum));
        bytes[block + 154] = 0;
    }

    private static int[] grays(CaptionedSamples samples) throws IOException {
        int[] grays = new int[samples.size()];
        ByteBuffer pixels = ByteBuffer.allocate(3 * 8 * 8);
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(8))) {
            for (int i = 0; i < grays.length; i++) {
                preprocessor.pixels(samples.image(i), pixels, 0);
                grays[i] = pixels.get(0) & 0xFF;
            }
        }
        return grays;
    }
}
