package org.clip4j.training.bpe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.Split;
import org.junit.jupiter.api.Test;

class BpeTrainerTest {

    @Test
    void mergesTheMostFrequentPairFirst() {
        assertThat(lines(trainer(List.of("aab aab aab", "ab")).train(2, 1))).containsExactly("a b</w>", "a ab</w>");
    }

    @Test
    void breaksTiesByTheOlderSymbol() {
        // Each pair occurs once: of a b</w>, b a</w> and c d</w> the first symbols decide, in the order of bytes.
        assertThat(lines(trainer(List.of("cd ba ab")).train(3, 1))).containsExactly("a b</w>", "b a</w>", "c d</w>");
    }

    @Test
    void equalsASlowObviousTrainerOnCaptions() {
        List<String> texts = captions(400);
        assertThat(lines(trainer(texts).train(250, 2))).isEqualTo(slow(texts, 250, 2));
    }

    @Test
    void equalsASlowObviousTrainerOnRandomWords() {
        for (long seed = 0; seed < 20; seed++) {
            Random random = new Random(seed);
            List<String> texts = new ArrayList<>();
            for (int i = 0; i < 60; i++) {
                StringBuilder word = new StringBuilder();
                for (int k = random.nextInt(9); k >= 0; k--) {
                    word.append("abcé漢".charAt(random.nextInt(5)));
                }
                texts.add(word.toString());
            }
            assertThat(lines(trainer(texts).train(80, 1))).as("seed %d", seed).isEqualTo(slow(texts, 80, 1));
        }
    }

    @Test
    void doesNotDependOnTheOrderOfTexts() {
        List<String> texts = captions(300);
        List<String> shuffled = new ArrayList<>(texts);
        Collections.shuffle(shuffled, new Random(5));
        assertThat(trainer(shuffled).train(500, 2).toText()).isEqualTo(trainer(texts).train(500, 2).toText());
    }

    @Test
    void makesEveryTokenOnce() {
        BpeMerges merges = trainer(captions(2000)).train(2000, 2);
        Set<String> tokens = new HashSet<>();
        for (String line : lines(merges)) {
            assertThat(tokens.add(line.replace(" ", ""))).as(line).isTrue();
        }
    }

    @Test
    void decodesWhatItEncodes() {
        ClipTokenizer tokenizer = ClipTokenizer.of(trainer(captions(1000)).train(1000, 2), 77);
        List<String> texts = new ArrayList<>(captions(3000));
        texts.add("words that were never seen : zwölf boxkämpfer 漢字 42 !");
        for (String text : texts) {
            String spaced = text.replace(",", " ,").replace("4", "4 ").replaceAll(" +", " ").strip();
            assertThat(tokenizer.decode(tokenizer.encode(text)))
                    .isEqualTo("<|startoftext|>" + spaced + " <|endoftext|>");
        }
    }

    @Test
    void stopsWhenNoPairIsFrequentEnough() {
        BpeTrainer trainer = trainer(List.of("ab ab cd"));
        assertThat(lines(trainer.train(100, 2))).containsExactly("a b</w>");
        assertThat(trainer.wordCount()).isEqualTo(2);
        assertThatThrownBy(() -> trainer.train(100, 3)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("words=2 minCount=3");
        assertThatThrownBy(() -> trainer.train(0, 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("maxMerges=0");
    }

    private static BpeTrainer trainer(List<String> texts) {
        BpeTrainer trainer = new BpeTrainer();
        texts.forEach(trainer::add);
        return trainer;
    }

    private static List<String> captions(int count) {
        DrawnWorld world = new DrawnWorld(21, Split.TRAINING);
        List<String> captions = new ArrayList<>();
        for (long index = 0; index < count; index++) {
            captions.add(world.pair(index).caption().text());
        }
        return captions;
    }

    private static List<String> lines(BpeMerges merges) {
        return new String(merges.toText(), StandardCharsets.UTF_8).lines().toList();
    }

    /** Counts every pair anew for every merge. Words are runs of letters, single digits or commas. */
    private static List<String> slow(List<String> texts, int maxMerges, int minCount) {
        List<List<String>> words = new ArrayList<>();
        for (String text : texts) {
            for (String word : text.replace(",", " ,").split(" ", -1)) {
                List<String> symbols = new ArrayList<>();
                for (byte b : word.getBytes(StandardCharsets.UTF_8)) {
                    symbols.add(ByteNames.of(idOf(b & 0xFF)));
                }
                symbols.set(symbols.size() - 1, symbols.get(symbols.size() - 1) + "</w>");
                words.add(symbols);
            }
        }
        List<String> names = new ArrayList<>();
        for (int id = 0; id < 512; id++) {
            names.add(ByteNames.of(id));
        }
        List<String> lines = new ArrayList<>();
        while (lines.size() < maxMerges) {
            String best = best(words, names, minCount);
            if (best == null) {
                break;
            }
            lines.add(best);
            names.add(best.replace(" ", ""));
            for (List<String> word : words) {
                for (int i = 0; i + 1 < word.size(); i++) {
                    if ((word.get(i) + " " + word.get(i + 1)).equals(best)) {
                        word.set(i, word.get(i) + word.remove(i + 1));
                    }
                }
            }
        }
        return lines;
    }

    private static String best(List<List<String>> words, List<String> names, int minCount) {
        Map<String, Integer> counts = new HashMap<>();
        for (List<String> word : words) {
            for (int i = 0; i + 1 < word.size(); i++) {
                counts.merge(word.get(i) + " " + word.get(i + 1), 1, Integer::sum);
            }
        }
        String best = null;
        long bestKey = Long.MIN_VALUE;
        for (Map.Entry<String, Integer> entry : counts.entrySet()) {
            List<String> parts = List.of(entry.getKey().split(" ", -1));
            if (entry.getValue() >= minCount && !names.contains(entry.getKey().replace(" ", ""))) {
                // Counts up to 2^31, symbols up to 2^14 each: frequent pairs first, then low indices.
                long key = ((long) entry.getValue() << 28) - ((long) names.indexOf(parts.get(0)) << 14)
                        - names.indexOf(parts.get(1));
                best = key > bestKey ? entry.getKey() : best;
                bestKey = Math.max(key, bestKey);
            }
        }
        return best;
    }

    /** Token id of a byte: printable ones first. */
    private static int idOf(int wanted) {
        List<Integer> order = new ArrayList<>();
        for (int b = 0; b < 256; b++) {
            if ((b > 0x20 && b < 0x7F) || (b > 0xA0 && b != 0xAD)) {
                order.add(b);
            }
        }
        for (int b = 0; b < 256; b++) {
            if (!order.contains(b)) {
                order.add(b);
            }
        }
        return order.indexOf(wanted);
    }
}
