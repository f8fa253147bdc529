package org.clip4j.training.drawn;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.LongStream;
import java.util.zip.CRC32;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.training.PairBatch;
import org.junit.jupiter.api.Test;

class LessonsTest {
    private static final long LATE = 5_000L * Lessons.GROUP;

    private final Lessons lessons = new Lessons(5);

    private List<DrawnWorld.Pair> pairs(long from, int count) {
        return LongStream.range(from, from + count).mapToObj(lessons::pair).toList();
    }

    /** When this fails because lessons are others now, raise {@link DrawnPairs#LESSONS}, and take the new checksums. */
    @Test
    void lessonsKeepTheirNumber() {
        assertThat(DrawnPairs.LESSONS).isEqualTo(1);
        CRC32 pictures = new CRC32();
        CRC32 captions = new CRC32();
        ScenePainter painter = new ScenePainter(48);
        // From the first lessons to those that ask for everything.
        for (long group = 0; group < 8_000; group += 50) {
            DrawnWorld.Pair pair = lessons.pair(group * Lessons.GROUP + group % Lessons.GROUP);
            pictures.update(painter.paint(pair.scene()));
            captions.update(pair.caption().text().getBytes(StandardCharsets.UTF_8));
        }
        assertThat(Long.toHexString(pictures.getValue()) + " " + Long.toHexString(captions.getValue()))
                .isEqualTo("4613d10a b94441f3"); // with JDK 17 and 25
    }

    @Test
    void everyCaptionIsTrueOfItsScene() {
        for (DrawnWorld.Pair pair : pairs(0, 500)) {
            assertThat(pair.caption().claims().areTrueOf(pair.scene())).as(pair.caption().text()).isTrue();
        }
        for (DrawnWorld.Pair pair : pairs(LATE, 3000)) {
            assertThat(pair.caption().claims().areTrueOf(pair.scene())).as(pair.caption().text()).isTrue();
        }
    }

    @Test
    void whatIsHeldOutIsNeverShown() {
        for (DrawnWorld.Pair pair : pairs(LATE, 5000)) {
            for (Item item : pair.scene().items()) {
                if (item instanceof Figure figure) {
                    assertThat(HeldOut.contains(figure.shape(), figure.colour())).as("%s", figure).isFalse();
                    assertThat(HeldOut.contains(figure.shape(), figure.fill())).as("%s", figure).isFalse();
                } else {
                    assertThat(HeldOut.WORDS).doesNotContain(((Inscription) item).text());
                }
            }
        }
    }

    @Test
    void startsWithOneBoldThingInBlackAndWhite() {
        for (DrawnWorld.Pair pair : pairs(0, 300)) {
            assertThat(pair.scene().items()).hasSize(1);
            Item item = pair.scene().items().get(0);
            assertThat(item.colour()).isIn(Colour.BLACK, Colour.WHITE);
            assertThat(pair.scene().backdrop().texture()).isEqualTo(Texture.PLAIN);
            if (item instanceof Figure figure) {
                assertThat(figure.size()).isEqualTo(Size.LARGE);
                assertThat(figure.fill()).isEqualTo(Fill.SOLID);
            }
        }
    }

    @Test
    void endsWithScenesOfEveryKind() {
        Set<Integer> counts = new HashSet<>();
        Set<Relation> relations = new HashSet<>();
        Set<Colour> colours = new HashSet<>();
        for (DrawnWorld.Pair pair : pairs(LATE, 2000)) {
            counts.add(pair.scene().items().size());
            relations.add(pair.scene().relation());
            pair.scene().items().forEach(item -> colours.add(item.colour()));
        }
        assertThat(counts).containsExactlyInAnyOrder(1, 2, 3, 4, 5);
        assertThat(relations).contains(Relation.values());
        assertThat(colours).containsExactlyInAnyOrder(Colour.values());
    }

    @Test
    void aGroupAsksForNamesOnlyOrForMore() {
        int groupsOfNames = 0;
        for (int group = 0; group < 200; group++) {
            Set<Boolean> names = new HashSet<>();
            for (DrawnWorld.Pair pair : pairs(LATE + (long) group * Lessons.GROUP, Lessons.GROUP)) {
                names.add(pair.caption().detail() == Detail.NAMES);
            }
            assertThat(names).hasSize(1);
            groupsOfNames += names.contains(true) ? 1 : 0;
        }
        assertThat(groupsOfNames).isBetween(30, 75);
    }

    @Test
    void theLastLessonsAskForNamesWithColours() {
        int groupsOfColours = 0;
        for (int group = 10_000; group < 10_200; group++) {
            DrawnWorld.Pair pair = lessons.pair((long) group * Lessons.GROUP);
            if (pair.caption().detail() == Detail.COLOURS) {
                groupsOfColours++;
                assertThat(pair.caption().claims().areTrueOf(pair.scene())).isTrue();
                assertThat(pair.caption().claims().tone()).isNull();
                assertThat(pair.caption().claims().mentions()).allMatch(mention -> mention.colour() != null
                        && mention.size() == null && mention.fill() == null);
            }
        }
        assertThat(groupsOfColours).isBetween(80, 135);
    }

    @Test
    void namesSayNothingOfColours() {
        for (DrawnWorld.Pair pair : pairs(0, 1000)) {
            assertThat(pair.caption().detail()).isEqualTo(Detail.NAMES);
            assertThat(pair.caption().claims().tone()).isNull();
            for (Mention mention : pair.caption().claims().mentions()) {
                assertThat(mention.colour()).isNull();
                assertThat(mention.shape() == null).isEqualTo(mention.text() != null);
            }
        }
    }

    @Test
    void someNeighboursShareTheirBackdrop() {
        int alike = 0;
        for (long first = LATE; first < LATE + 8 * 300; first += 8) {
            Set<Backdrop> backdrops = new HashSet<>();
            for (DrawnWorld.Pair pair : pairs(first, 8)) {
                backdrops.add(pair.scene().backdrop());
            }
            alike += backdrops.size() == 1 ? 1 : 0;
        }
        // Half of three quarters of the groups.
        assertThat(alike).isBetween(60, 165);
    }

    @Test
    void aPairDependsOnSeedAndIndexOnly() {
        assertThat(lessons.pair(LATE + 7)).isEqualTo(new Lessons(5).pair(LATE + 7));
        assertThat(lessons.pair(LATE + 7).caption()).isNotEqualTo(new Lessons(6).pair(LATE + 7).caption());
    }

    @Test
    void aBatchHasThePairsOfItsPositions() throws IOException {
        ClipTokenizer tokenizer = ClipTokenizer.of(new DrawnWorld(5, Split.TRAINING).vocabulary(500, 100), 200);
        PairBatch batch = new PairBatch(3, 32, 200);
        try (DrawnPairs drawn = new DrawnPairs(5, tokenizer, 32, 2, LATE - 96)) {
            drawn.read(96, 3, batch);
        }
        DrawnWorld.Pair second = lessons.pair(LATE + 1);
        byte[] picture = new byte[3 * 32 * 32];
        batch.pixels().get(picture.length, picture);
        assertThat(ByteBuffer.wrap(picture)).isEqualTo(ByteBuffer.wrap(new ScenePainter(32).paint(second.scene())));
        int[] ids = Arrays.copyOfRange(batch.ids(), batch.offsets()[1], batch.offsets()[2]);
        assertThat(ids).isEqualTo(tokenizer.encode(second.caption().text()));
    }
}
