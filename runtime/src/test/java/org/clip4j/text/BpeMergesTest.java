package org.clip4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.GZIPOutputStream;
import org.clip4j.testing.TokenizerGoldens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every form of a vocabulary, and what is not one. */
class BpeMergesTest {
    @TempDir
    private Path folder;

    @Test
    void readsGzipAndPlainFilesAlike() throws IOException {
        Path gzip = write("vocab.gz", TokenizerGoldens.reducedVocabulary().readAllBytes());
        BpeMerges fromGzip = BpeMerges.read(gzip);
        byte[] header = "any header\n".getBytes(StandardCharsets.UTF_8);
        byte[] merges = fromGzip.toText();
        byte[] plain = Arrays.copyOf(header, header.length + merges.length);
        System.arraycopy(merges, 0, plain, header.length, merges.length);
        BpeMerges fromPlain = BpeMerges.read(write("merges.txt", plain));
        assertThat(BpeMerges.parse(ByteBuffer.wrap(merges)).toText()).isEqualTo(merges);
        assertThat(fromPlain.toText()).isEqualTo(fromGzip.toText());
        assertThat(fromGzip.mergeCount()).isEqualTo(486);
    }

    @Test
    void readsListsOfStringsAndPairs() {
        BpeMerges lines = BpeMerges.ofLines(List.of("i n", "in g</w>"));
        BpeMerges pairs = BpeMerges.ofPairs(List.of(List.of("i", "n"), List.of("in", "g</w>")));
        assertThat(pairs.toText()).isEqualTo(lines.toText());
        assertThat(ClipTokenizer.of(lines, 77).encode("ing")).containsExactly(514, 513, 515);
    }

    @Test
    void readsBuffersWithoutMovingThem() {
        ByteBuffer text = ByteBuffer.wrap("xxi n\r\nt h".getBytes(StandardCharsets.UTF_8)).position(2);
        assertThat(BpeMerges.parse(text.asReadOnlyBuffer()).mergeCount()).isEqualTo(2);
        assertThat(text.position()).isEqualTo(2);
    }

    @Test
    void keepsTheLastOfEqualTokensAsTheReferenceDoes() {
        // "abc" is made twice: the reference's dictionary keeps the second id, its merges work by content
        BpeMerges merges = BpeMerges.ofLines(List.of("a b", "b c", "ab c", "a bc"));
        assertThat(ClipTokenizer.of(merges, 77).encode("abcd")).contains(515).doesNotContain(514);
    }

    @Test
    void refusesFilesThatAreNoVocabulary() throws IOException {
        byte[] reduced = TokenizerGoldens.reducedVocabulary().readAllBytes();
        assertRefused(Arrays.copyOf(reduced, reduced.length / 2), "damaged gzip file", "it ends early");
        byte[] broken = reduced.clone();
        Arrays.fill(broken, 20, 60, (byte) 0x55);
        assertRefused(broken, "damaged gzip file");
        assertRefused(new byte[0], "vocabulary has no merges", "bytes=0");
        assertRefused("#version: 0.2\n".getBytes(StandardCharsets.UTF_8), "vocabulary has no merges");
        assertRefused("#version: 0.2\ni n\nthree of it\n".getBytes(StandardCharsets.UTF_8), "line=3",
                "after two tokens");
        assertRefused("#version: 0.2\ni n\n\nt h\n".getBytes(StandardCharsets.UTF_8), "line=3", "expected two tokens");
        assertRefused("#version: 0.2\none\n".getBytes(StandardCharsets.UTF_8), "line=2", "a second token");
        assertRefused(new byte[]{'#', '\n', (byte) 0xFF, ' ', 'n'}, "line=2", "byte 0xff");
        assertRefused(new byte[]{'#', '\n', (byte) 0xC4, ' ', 'n'}, "line=2", "byte 0xc4");
        assertRefused("#\n中 n\n".getBytes(StandardCharsets.UTF_8), "line=2", "byte 0xe4");
        assertRefused(("#\n" + "a".repeat(5000) + " b\n").getBytes(StandardCharsets.UTF_8), "line=2", "limit=1024");
        assertRefused(new byte[]{(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n', 0, 0, 0}, "line=2", "byte 0x1a");
    }

    @Test
    void refusesAFolder() {
        assertThatThrownBy(() -> BpeMerges.read(folder)).isInstanceOf(InvalidVocabularyException.class)
                .hasMessageContaining("vocabulary is a folder: source=" + folder);
    }

    @Test
    void refusesAFileThatUnpacksToFarTooMuch() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(bytes)) {
            byte[] block = new byte[1 << 20];
            for (int i = 0; i < 60; i++) {
                gzip.write(block);
            }
        }
        assertRefused(bytes.toByteArray(), "vocabulary is too large");
    }

    @Test
    void refusesListsThatAreNoPairs() {
        assertThatThrownBy(() -> BpeMerges.ofPairs(List.of(List.of("a", "b", "c"))))
                .isInstanceOf(InvalidVocabularyException.class).hasMessageContaining("rank=0 expected=2 actual=3");
        assertThatThrownBy(() -> BpeMerges.ofPairs(List.of(List.of("a b", "c"))))
                .isInstanceOf(InvalidVocabularyException.class);
        assertThatThrownBy(() -> BpeMerges.ofLines(List.of("a b\nc d"))).hasMessageContaining("line break");
    }

    private void assertRefused(byte[] content, String... parts) throws IOException {
        Path file = write("hostile", content);
        assertThatThrownBy(() -> BpeMerges.read(file)).isInstanceOf(InvalidVocabularyException.class)
                .hasMessageContainingAll(parts).hasMessageContaining("source=" + file)
                .message().doesNotContain("\n");
    }

    private Path write(String name, byte[] content) throws IOException {
        return Files.write(folder.resolve(name), content);
    }
}
