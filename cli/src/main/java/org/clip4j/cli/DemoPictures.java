package org.clip4j.cli;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import org.clip4j.image.Image;
import org.clip4j.training.drawn.Caption;
import org.clip4j.training.drawn.CaptionGrammar;
import org.clip4j.training.drawn.Colour;
import org.clip4j.training.drawn.Detail;
import org.clip4j.training.drawn.Draws;
import org.clip4j.training.drawn.Figure;
import org.clip4j.training.drawn.Item;
import org.clip4j.training.drawn.Scene;
import org.clip4j.training.drawn.ScenePainter;
import org.clip4j.training.drawn.SceneSampler;
import org.clip4j.training.drawn.Shape;
import org.clip4j.training.drawn.Size;
import org.clip4j.training.drawn.Tone;

/**
 * The pictures of the demo: eight scenes of the drawn world, the same everywhere, each with a thing and a backdrop of
 * their own colours and with a caption that is true of it alone. Stateless.
 */
final class DemoPictures {
    /** No recipe trains on this seed. */
    private static final long SEED = 0x64656D6FL;
    /** So that a line of a terminal of 80 columns holds it with its number. */
    private static final int MAX_CAPTION = 66;
    private static final int MAX_ATTEMPTS = 10_000;
    private static final CaptionGrammar GRAMMAR = new CaptionGrammar(false);

    private DemoPictures() {}

    /** A scene and what it shows in words. */
    record Shown(Scene scene, Caption caption) {
        /** The picture as a model sees it. */
        Image image(int sidePixels) {
            byte[] rgb = new ScenePainter(sidePixels).paint(scene);
            return Image.rgb(ByteBuffer.wrap(rgb), sidePixels, sidePixels, 3 * sidePixels);
        }

        /** The picture as people see it. */
        Thumbnail thumbnail() {
            return new Thumbnail(new ScenePainter(Thumbnail.SIDE).paint(scene));
        }
    }

    /** Makes up a scene. */
    private interface Subject {
        Scene scene(Draws draws);
    }

    /** All of them, in order. */
    static List<Shown> all() {
        // Digits come last: they take any colour that no figure has.
        List<Subject> subjects = List.of(figure(Shape.STAR, Colour.RED), figure(Shape.CIRCLE, Colour.BLUE),
                figure(Shape.HEART, Colour.PINK), figure(Shape.TRIANGLE, Colour.GREEN),
                figure(Shape.RING, Colour.ORANGE), figure(Shape.CROSS, Colour.PURPLE),
                draws -> SceneSampler.inscription("7", draws), draws -> SceneSampler.inscription("3", draws));
        Set<Tone> tones = EnumSet.noneOf(Tone.class);
        Set<Colour> colours = EnumSet.noneOf(Colour.class);
        List<Shown> pictures = new ArrayList<>();
        for (Subject subject : subjects) {
            Shown shown = first(subject, pictures.size(), tones, colours);
            tones.add(shown.scene().backdrop().tone());
            colours.add(shown.scene().items().get(0).colour());
            pictures.add(shown);
        }
        return pictures;
    }

    private static Subject figure(Shape shape, Colour colour) {
        return draws -> SceneSampler.single(shape, colour, draws);
    }

    /** The first scene in new colours, of a thing large enough to be seen in a terminal. */
    private static Shown first(Subject subject, int place, Set<Tone> tones, Set<Colour> colours) {
        for (long attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
            Draws draws = Draws.of(SEED + place, attempt);
            Scene scene = subject.scene(draws);
            Item item = scene.items().get(0);
            boolean small = item instanceof Figure figure && figure.size() == Size.SMALL;
            if (small || tones.contains(scene.backdrop().tone()) || colours.contains(item.colour())) {
                continue;
            }
            Caption caption = GRAMMAR.caption(scene, Detail.COMPLETE, draws);
            if (caption.text().length() <= MAX_CAPTION) {
                return new Shown(scene, caption);
            }
        }
        throw new IllegalStateException("no scene has new colours: place=" + place + " tones=" + tones + " colours="
                + colours);
    }
}
