package org.clip4j.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.training.dataset.LabelledSamples;
import org.clip4j.training.dataset.Samples;
import org.clip4j.training.drawn.DrawnWorld;
import org.clip4j.training.drawn.Figure;
import org.clip4j.training.drawn.HeldOut;
import org.clip4j.training.drawn.Inscription;
import org.clip4j.training.drawn.Item;
import org.clip4j.training.drawn.PlainPhrases;
import org.clip4j.training.drawn.Scene;
import org.clip4j.training.drawn.ScenePainter;
import org.clip4j.training.drawn.Split;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DrawnSetsTest {
    private static final int SIDE = 32;

    static List<String> names() {
        return DrawnSets.names();
    }

    private static Samples open(String name, int count) {
        return DrawnSets.open(name, DrawnSets.DEFAULT_SEED, count, SIDE);
    }

    @ParameterizedTest
    @MethodSource("names")
    void aSetDependsOnNameSeedAndCountOnly(String name) throws IOException {
        Samples set = open(name, 30);
        assertThat(set.size()).isEqualTo(30);
        assertThat(open(name, 30).identity()).isEqualTo(set.identity());
        assertThat(open(name, 31).identity()).isNotEqualTo(set.identity());
        assertThat(DrawnSets.open(name, 1, 30, SIDE).identity()).isNotEqualTo(set.identity());
        assertThat(DrawnSets.open(name, DrawnSets.DEFAULT_SEED, 30, SIDE + 1).identity()).isNotEqualTo(set.identity());
    }

    @ParameterizedTest
    @MethodSource("names")
    void picturesAreThoseOfThePainter(String name) throws IOException {
        DrawnPictures set = (DrawnPictures) open(name, 3);
        ByteBuffer pixels = ByteBuffer.allocate(3 * SIDE * SIDE);
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(SIDE))) {
            preprocessor.pixels(set.image(2), pixels, 0);
        }
        assertThat(pixels.array()).isEqualTo(new ScenePainter(SIDE).paint(set.scene(2)));
    }

    @Test
    void combinationsAreAllOfThemAndToldApart() {
        DrawnClasses set = (DrawnClasses) open("combinations", 288);
        assertThat(set.classes()).hasSize(144).doesNotHaveDuplicates().contains("a red circle", "an orange oval");
        int heldOut = 0;
        for (int i = 0; i < set.size(); i++) {
            Figure figure = (Figure) set.scene(i).items().get(0);
            assertThat(set.scene(i).items()).hasSize(1);
            assertThat(set.classes().get(set.label(i))).isEqualTo(PlainPhrases.of(figure));
            assertThat(set.part(i)).isEqualTo(HeldOut.contains(figure.shape(), figure.colour()) ? 1 : 0);
            heldOut += set.part(i);
        }
        assertThat(heldOut).isEqualTo(2 * 24);
        assertThat(set.parts()).containsExactly("seen", "held out");
    }

    @Test
    void inscriptionsSayWhatTheirClassSays() {
        DrawnClasses digits = (DrawnClasses) open("digits", 20);
        assertThat(digits.classes()).hasSize(10).startsWith("the digit 0");
        DrawnClasses words = (DrawnClasses) open("words", 92);
        assertThat(words.classes()).hasSize(46).contains("the word cat", "the word owl");
        for (int i = 0; i < words.size(); i++) {
            String text = ((Inscription) words.scene(i).items().get(0)).text();
            assertThat(words.classes().get(words.label(i))).isEqualTo("the word " + text);
            assertThat(words.part(i)).isEqualTo(HeldOut.WORDS.contains(text) ? 1 : 0);
        }
        assertThat(((LabelledSamples) digits).label(13)).isEqualTo(3);
    }

    @Test
    void fillsAskForOneThingOnly() {
        DrawnChoices set = (DrawnChoices) open("fills", 60);
        for (int i = 0; i < set.size(); i++) {
            Figure figure = (Figure) set.scene(i).items().get(0);
            assertThat(set.candidates(i)).doesNotHaveDuplicates().hasSizeBetween(2, 4)
                    .allMatch(caption -> caption.endsWith(PlainPhrases.of(figure).replaceFirst("^an? ", "")));
            assertThat(set.candidates(i).get(0)).isEqualTo(
                    PlainPhrases.of(figure.fill(), figure.shape(), figure.colour()));
            assertThat(HeldOut.contains(figure.shape(), figure.fill())).isEqualTo(set.part(i) == 1);
        }
    }

    @Test
    void countingShowsAsManyThingsAsTheFirstCaptionSays() {
        DrawnChoices set = (DrawnChoices) open("counting", 50);
        List<String> numbers = List.of("one", "two", "three", "four", "five");
        for (int i = 0; i < set.size(); i++) {
            assertThat(set.candidates(i)).hasSize(5).doesNotHaveDuplicates();
            assertThat(set.candidates(i).get(0)).startsWith(numbers.get(set.scene(i).items().size() - 1) + " ");
            assertThat(set.part(i)).isEqualTo(set.scene(i).items().size() - 1);
        }
    }

    @Test
    void relationsOfferOneTrueAndOneFalseCaption() {
        DrawnChoices set = (DrawnChoices) open("relations", 120);
        Set<String> wrong = new TreeSet<>();
        for (int i = 0; i < set.size(); i++) {
            Scene scene = set.scene(i);
            Item first = scene.items().get(0);
            Item second = scene.items().get(1);
            String right = PlainPhrases.related(first, scene.relation(), second);
            assertThat(set.candidates(i)).hasSize(2).doesNotHaveDuplicates().startsWith(right);
            if (set.part(i) % 2 == 0) {
                assertThat(set.candidates(i).get(1)).isEqualTo(PlainPhrases.related(second, scene.relation(), first));
                assertThat(scene.relation().holds(second, first)).isFalse();
            } else {
                wrong.add(set.candidates(i).get(1));
            }
        }
        assertThat(wrong).anyMatch(caption -> caption.contains(" above "))
                .anyMatch(caption -> caption.contains("left"));
    }

    @ParameterizedTest
    @MethodSource("captionSets")
    void anOracleKnowsWhichCaptionBelongsToWhichPicture(String name) {
        DrawnCaptions set = (DrawnCaptions) open(name, 300);
        assertThat(set.oracle(300)).isEqualTo(1);
        assertThat(set.oracle(100)).isEqualTo(1);
    }

    static List<String> captionSets() {
        return List.of("pairs", "phrasings");
    }

    /** One circle without more; every caption true of all: an oracle has to guess. */
    @Test
    void anOracleGuessesAmongCaptionsThatAreAllTrue() {
        DrawnWorld world = new DrawnWorld(5, Split.TRAINING);
        DrawnWorld.Pair pair = world.complete(0);
        DrawnCaptions set = new DrawnCaptions("same", List.of(pair, pair, pair, pair), SIDE);
        assertThat(set.oracle(4)).isEqualTo(0.25);
        assertThat(set.oracle(2)).isEqualTo(0.5);
    }

    @Test
    void plainPhrasesAreWordsOfTraining() {
        DrawnWorld world = new DrawnWorld(1, Split.TRAINING);
        Set<String> known = new TreeSet<>(HeldOut.WORDS);
        for (long i = 0; i < 20_000; i++) {
            known.addAll(List.of(world.pair(i).caption().text().split("[ ,]+")));
        }
        List<String> phrases = new ArrayList<>();
        for (String name : List.of("combinations", "digits", "words")) {
            phrases.addAll(((LabelledSamples) open(name, 1)).classes());
        }
        for (String name : List.of("fills", "counting", "relations")) {
            DrawnChoices set = (DrawnChoices) open(name, 200);
            for (int i = 0; i < set.size(); i++) {
                phrases.addAll(set.candidates(i));
            }
        }
        for (String phrase : phrases) {
            assertThat(known).as(phrase).contains(phrase.split(" "));
        }
    }

    @Test
    void refusesUnknownSetsAndNoPictures() {
        assertThatThrownBy(() -> open("cats", 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("combinations");
        assertThatThrownBy(() -> open("digits", 0)).isInstanceOf(IllegalArgumentException.class);
    }
}
