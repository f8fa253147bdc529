package org.clip4j.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InputStream;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.clip4j.testing.TokenizerGoldens;
import org.junit.jupiter.api.Test;

/** Behaviour that does not need the real vocabulary. */
class ClipTokenizerTest {
    private final BpeMerges merges = reduced();
    private final ClipTokenizer tokenizer = ClipTokenizer.of(merges, 77);

    static BpeMerges reduced() {
        try (InputStream in = TokenizerGoldens.reducedVocabulary()) {
            return BpeMerges.read(in, "reduced");
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    @Test
    void numbersTokensAsTheReferenceDoes() {
        assertThat(merges.mergeCount()).isEqualTo(486);
        assertThat(merges.vocabSize()).isEqualTo(1000);
        assertThat(tokenizer.sot()).isEqualTo(998);
        assertThat(tokenizer.eot()).isEqualTo(999);
        // "a" is byte 0x61, the 65th printable one; alone it ends a word
        assertThat(tokenizer.encode("a")).containsExactly(998, 64 + 256, 999);
        assertThat(tokenizer.encode("")).containsExactly(998, 999);
    }

    @Test
    void mergesLowestRankFirst() {
        // merges 0 to 2 of the list: i n, t h, a n
        assertThat(tokenizer.decode(tokenizer.encode("Thinking  of AN inn"))).contains("thinking of an inn ");
        assertThat(tokenizer.encode("tha")).containsExactly(998, 513, 64 + 256, 999);
    }

    @Test
    void cutsOffOnlyWhenAsked() {
        String text = "1 ".repeat(100);
        assertThatThrownBy(() -> tokenizer.encode(text)).isInstanceOf(TextTooLongException.class)
                .hasMessageContaining("tokens=102 limit=77").hasMessageContaining("--truncate");
        int[] ids = tokenizer.encodeTruncated(text);
        assertThat(ids).hasSize(77).endsWith(tokenizer.eot());
    }

    @Test
    void refusesLoneSurrogatesWithoutFtfy() {
        assertThat(tokenizer.encode("a\uD83D")).isEqualTo(tokenizer.encode("a\uFFFD"));
        assertThatThrownBy(() -> tokenizer.withFtfy(false).encode("a\uD83D")).isInstanceOf(InvalidTextException.class)
                .hasMessageContaining("index=1 value=U+D83D");
    }

    @Test
    void turnsNamesOfSpecialTokensIntoTokens() {
        int sot = tokenizer.sot();
        int eot = tokenizer.eot();
        assertThat(tokenizer.encode("<|ENDOFTEXT|> &lt;|startoftext|>")).containsExactly(sot, eot, sot, eot);
        assertThat(tokenizer.encode("!<|endoftext|>")).doesNotContain(eot, org.assertj.core.data.Index.atIndex(1));
    }

    @Test
    void writesRaggedBatches() {
        List<String> texts = List.of("a cat", "", "the thing");
        int[] ids = new int[40];
        Arrays.fill(ids, -7);
        int[] offsets = new int[4];
        int total = tokenizer.encodeAll(texts, false, ids, offsets);
        for (int i = 0; i < 3; i++) {
            assertThat(Arrays.copyOfRange(ids, offsets[i], offsets[i + 1])).isEqualTo(tokenizer.encode(texts.get(i)));
        }
        assertThat(total).isEqualTo(offsets[3]);
        assertThat(Arrays.copyOfRange(ids, total, 40)).containsOnly(-7);
        assertThatThrownBy(() -> tokenizer.encodeAll(texts, false, new int[3], offsets))
                .hasMessageContaining("ids is too short: text=0 of 3");
        assertThatThrownBy(() -> tokenizer.encodeAll(texts, false, ids, new int[3]))
                .hasMessageContaining("offsets is too short: texts=3 expected>=4 actual=3");
    }

    @Test
    void decodesWhatItEncoded() {
        long seed = 42;
        Random random = new Random(seed);
        for (int i = 0; i < 2000; i++) {
            StringBuilder text = new StringBuilder();
            int words = 1 + random.nextInt(5);
            for (int w = 0; w < words; w++) {
                int letters = 1 + random.nextInt(8);
                for (int n = 0; n < letters; n++) {
                    text.append(random.nextInt(10) == 0
                            ? (char) (0x430 + random.nextInt(32))
                            : (char) ('a' + random.nextInt(26)));
                }
                text.append(' ');
            }
            int[] ids = ClipTokenizer.of(merges, 1000).encode(text.toString());
            assertThat(tokenizer.decode(Arrays.copyOfRange(ids, 1, ids.length - 1))).as("seed=%d", seed)
                    .isEqualTo(text.toString());
        }
    }

    @Test
    void replacesBytesThatAreNotUtf8OneByOne() {
        int[] surrogate = {ByteAlphabet.idOf(0xED), ByteAlphabet.idOf(0xA4), ByteAlphabet.idOf(0x86)};
        int[] cutOff = {ByteAlphabet.idOf(0xE6), ByteAlphabet.idOf(0x9D), ByteAlphabet.idOf('a')};
        assertThat(tokenizer.decode(surrogate)).isEqualTo("\uFFFD\uFFFD\uFFFD");
        assertThat(tokenizer.decode(cutOff)).isEqualTo("\uFFFDa");
    }

    @Test
    void givesTheSameIdsFromManyThreads() {
        List<String> texts = IntStream.range(0, 3000).mapToObj(i -> "thing" + i % 97 + " inn" + (char) ('a' + i % 26))
                .toList();
        List<int[]> expected = texts.stream().map(t -> ClipTokenizer.of(merges, 77).encode(t)).toList();
        List<int[]> actual = texts.parallelStream().map(tokenizer::encode).toList();
        for (int i = 0; i < texts.size(); i++) {
            assertThat(actual.get(i)).isEqualTo(expected.get(i));
        }
    }

    @Test
    void refusesIdsOutsideTheVocabulary() {
        assertThatThrownBy(() -> tokenizer.decode(new int[]{5, 1000}))
                .hasMessageContaining("index=1 id=1000 size=1000");
    }

    @Test
    void refusesAContextWithoutRoom() {
        assertThatThrownBy(() -> ClipTokenizer.of(merges, 1)).hasMessageContaining("contextLength=1");
    }
}
