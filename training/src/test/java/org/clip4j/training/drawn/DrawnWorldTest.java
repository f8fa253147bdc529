package org.clip4j.training.drawn;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32;
import org.clip4j.training.drawn.DrawnWorld.Pair;
import org.junit.jupiter.api.Test;

class DrawnWorldTest {
    private static final int MANY = 100_000;

    /** Made with JDK 17 and 25 on linux-x86_64, which agree. */
    private static final Map<Split, String> GOLDENS = Map.of(
            Split.TRAINING, "d85191be f9112f08", Split.UNSEEN_COLOUR, "e5e36491 5495448a", Split.UNSEEN_FILL,
            "ab6d2075 3bbe8bd", Split.UNSEEN_WORD, "6add13c9 169bd9b1",
            Split.UNSEEN_PHRASING, "bbe61f29 3090a81a");

    @Test
    void givesTheSamePicturesAndCaptionsEverywhere() {
        for (Split split : Split.values()) {
            DrawnWorld world = new DrawnWorld(2026, split);
            CRC32 pictures = new CRC32();
            CRC32 captions = new CRC32();
            for (int side : new int[]{64, 112, 37}) {
                ScenePainter painter = new ScenePainter(side);
                for (long index = 0; index < 200; index++) {
                    Pair pair = world.pair(index);
                    pictures.update(painter.paint(pair.scene()));
                    captions.update(pair.caption().text().getBytes(StandardCharsets.UTF_8));
                }
            }
            String actual = Long.toHexString(pictures.getValue()) + " " + Long.toHexString(captions.getValue());
            assertThat(actual).as(split.name()).isEqualTo(GOLDENS.get(split));
        }
    }

    @Test
    void givesAPairAtAnyIndexInAnyOrder() {
        DrawnWorld world = new DrawnWorld(1, Split.TRAINING);
        List<Pair> forwards = new ArrayList<>();
        for (long index = 0; index < 50; index++) {
            forwards.add(world.pair(index));
        }
        for (int index = 49; index >= 0; index--) {
            assertThat(new DrawnWorld(1, Split.TRAINING).pair(index)).isEqualTo(forwards.get(index));
        }
        assertThat(world.pair(Long.MAX_VALUE)).isNotEqualTo(world.pair(Long.MIN_VALUE));
        assertThat(new DrawnWorld(2, Split.TRAINING).pair(0).scene()).isNotEqualTo(forwards.get(0).scene());
    }

    @Test
    void neverShowsInTrainingWhatIsHeldOut() {
        DrawnWorld world = new DrawnWorld(11, Split.TRAINING);
        for (long index = 0; index < MANY; index++) {
            Pair pair = world.pair(index);
            assertThat(unseen(pair.scene())).as("index %d", index).isEmpty();
            for (String word : pair.caption().text().split("[ ,]+", -1)) {
                assertThat(HeldOut.WORDS).doesNotContain(word);
            }
        }
    }

    @Test
    void showsInUnseenPartsWhatTheyAreNamedFor() {
        for (Split split : List.of(Split.UNSEEN_COLOUR, Split.UNSEEN_FILL, Split.UNSEEN_WORD)) {
            DrawnWorld world = new DrawnWorld(12, split);
            for (long index = 0; index < 5000; index++) {
                assertThat(unseen(world.pair(index).scene())).as("%s %d", split, index).containsExactly(split);
            }
        }
        DrawnWorld world = new DrawnWorld(12, Split.UNSEEN_PHRASING);
        for (long index = 0; index < 5000; index++) {
            assertThat(unseen(world.pair(index).scene())).isEmpty();
        }
    }

    @Test
    void saysUnseenSentencesInWordsOfTraining() {
        Set<String> sentences = new HashSet<>();
        Set<String> words = new HashSet<>();
        DrawnWorld training = new DrawnWorld(13, Split.TRAINING);
        for (long index = 0; index < MANY; index++) {
            String text = training.pair(index).caption().text();
            sentences.add(text);
            words.addAll(List.of(text.split("[ ,]+", -1)));
        }
        DrawnWorld unseen = new DrawnWorld(14, Split.UNSEEN_PHRASING);
        for (long index = 0; index < 10_000; index++) {
            Caption caption = unseen.pair(index).caption();
            assertThat(words.containsAll(List.of(caption.text().split("[ ,]+", -1)))).as(caption.text()).isTrue();
            if (!caption.claims().mentions().isEmpty()) {
                assertThat(sentences.contains(caption.text())).as(caption.text()).isFalse();
            }
        }
    }

    @Test
    void saysOnlyWhatIsTrue() {
        for (Split split : Split.values()) {
            DrawnWorld world = new DrawnWorld(15, split);
            for (long index = 0; index < 20_000; index++) {
                Pair pair = world.pair(index);
                assertThat(pair.caption().claims().areTrueOf(pair.scene())).as("%s", pair).isTrue();
                Pair complete = world.complete(index);
                assertThat(complete.caption().claims().areTrueOf(complete.scene())).as("%s", complete).isTrue();
                assertThat(complete.scene()).isEqualTo(pair.scene());
            }
        }
    }

    @Test
    void choosesCaptionsThatAreTrueOfOneSceneEach() {
        List<Pair> pairs = new DrawnWorld(16, Split.TRAINING).distinct(0, 1000);
        assertThat(pairs).hasSize(1000);
        for (Pair asked : pairs) {
            for (Pair other : pairs) {
                assertThat(asked.caption().claims().areTrueOf(other.scene())).isEqualTo(asked.equals(other));
            }
        }
    }

    @Test
    void showsAllThatTheWorldHasAboutAsOften() {
        Map<Object, Integer> counts = new HashMap<>();
        DrawnWorld world = new DrawnWorld(17, Split.TRAINING);
        for (long index = 0; index < MANY; index++) {
            Pair pair = world.pair(index);
            count(counts, pair.scene().backdrop().tone());
            count(counts, pair.scene().backdrop().texture());
            count(counts, pair.scene().items().size());
            count(counts, pair.caption().detail());
            count(counts, String.valueOf(pair.scene().relation()));
            for (Item item : pair.scene().items()) {
                count(counts, item.colour());
                if (item instanceof Figure figure) {
                    count(counts, figure.shape());
                    count(counts, figure.fill());
                    count(counts, figure.size());
                    count(counts, List.of(figure.shape(), figure.colour()));
                    count(counts, List.of(figure.shape(), figure.fill()));
                } else {
                    count(counts, ((Inscription) item).text());
                }
            }
        }
        // Least shares of 100,000 scenes, well below what the weights ask for.
        assertLeast(counts, 8_000, List.of(Tone.values()));
        assertLeast(counts, 15_000, List.of(Texture.values()));
        assertLeast(counts, 2_500, List.of(1, 2, 3, 4, 5));
        assertLeast(counts, 9_000, List.of(Detail.COMPLETE, Detail.PARTIAL, Detail.VAGUE));
        assertLeast(counts, 5_000, List.of("LEFT_OF", "ABOVE", "INSIDE", "null"));
        assertLeast(counts, 8_000, List.of(Colour.values()));
        assertLeast(counts, 8_000, List.of(Shape.values()));
        assertLeast(counts, 20_000, List.of(Fill.values()));
        assertLeast(counts, 18_000, List.of(Size.values()));
        assertLeast(counts, 900, List.of("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"));
        assertLeast(counts, 100, HeldOut.TRAINING_WORDS);
        for (Shape shape : Shape.values()) {
            for (Colour colour : Colour.values()) {
                assertThat(counts.containsKey(List.of(shape, colour))).isEqualTo(!HeldOut.contains(shape, colour));
            }
            for (Fill fill : Fill.values()) {
                boolean shown = shape.allows(fill) && !HeldOut.contains(shape, fill);
                assertThat(counts.containsKey(List.of(shape, fill))).isEqualTo(shown);
            }
        }
    }

    @Test
    void drawsThingsThatCanBeToldFromWhatIsBehind() {
        DrawnWorld world = new DrawnWorld(18, Split.TRAINING);
        for (long index = 0; index < 20_000; index++) {
            Scene scene = world.pair(index).scene();
            for (Item item : scene.items()) {
                boolean within = scene.relation() == Relation.INSIDE && item == scene.items().get(0);
                assertThat(item.colour().showsOn(scene.backdrop().tone())).isTrue();
                assertThat(!within || item.colour().showsOn(scene.items().get(1).colour())).isTrue();
                assertThat(item.placement().x()).isBetween(0.09, 0.91);
                assertThat(item.placement().y()).isBetween(0.09, 0.91);
            }
        }
    }

    private static Set<Split> unseen(Scene scene) {
        Set<Split> unseen = new HashSet<>();
        for (Item item : scene.items()) {
            if (item instanceof Inscription inscription) {
                if (HeldOut.WORDS.contains(inscription.text())) {
                    unseen.add(Split.UNSEEN_WORD);
                }
                continue;
            }
            Figure figure = (Figure) item;
            if (HeldOut.contains(figure.shape(), figure.colour())) {
                unseen.add(Split.UNSEEN_COLOUR);
            }
            if (HeldOut.contains(figure.shape(), figure.fill())) {
                unseen.add(Split.UNSEEN_FILL);
            }
        }
        return unseen;
    }

    private static void count(Map<Object, Integer> counts, Object key) {
        counts.merge(key, 1, Integer::sum);
    }

    private static void assertLeast(Map<Object, Integer> counts, int least, List<?> keys) {
        for (Object key : keys) {
            assertThat(counts.getOrDefault(key, 0)).as("%s", key).isGreaterThanOrEqualTo(least);
        }
    }
}
