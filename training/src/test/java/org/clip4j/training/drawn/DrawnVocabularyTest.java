package org.clip4j.training.drawn;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.junit.jupiter.api.Test;

class DrawnVocabularyTest {
    private static final BpeMerges MERGES = new DrawnWorld(1, Split.TRAINING).vocabulary(20_000, 2000);

    @Test
    void isSmall() {
        assertThat(MERGES.vocabSize()).isBetween(600, 1500);
    }

    @Test
    void holdsEveryWordOfTrainingAsOneToken() {
        ClipTokenizer tokenizer = ClipTokenizer.of(MERGES, 77);
        Set<String> words = new HashSet<>();
        DrawnWorld world = new DrawnWorld(2, Split.TRAINING);
        for (long index = 0; index < 50_000; index++) {
            words.addAll(List.of(world.pair(index).caption().text().split("[ ,]+", -1)));
        }
        for (String word : words) {
            assertThat(tokenizer.encode(word)).as(word).hasSize(3);
        }
    }

    @Test
    void fitsEveryCaptionInTheContext() {
        ClipTokenizer tokenizer = ClipTokenizer.of(MERGES, DrawnWorld.CONTEXT_LENGTH);
        for (Split split : Split.values()) {
            DrawnWorld world = new DrawnWorld(3, split);
            for (long index = 0; index < 20_000; index++) {
                // Throws where the caption is too long.
                assertThat(tokenizer.encode(world.pair(index).caption().text())).hasSizeGreaterThan(2);
                assertThat(tokenizer.encode(world.complete(index).caption().text())).hasSizeGreaterThan(2);
            }
        }
    }
}
