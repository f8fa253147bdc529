package org.clip4j.training.drawn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class ScenePainterTest {
    private static final byte GUARD = 0x5A;

    @Test
    void writesItsPictureAndNothingElse() {
        for (int side : new int[]{16, 17, 63, 64, 65, 112}) {
            ScenePainter painter = new ScenePainter(side);
            byte[] rgb = new byte[painter.sizeBytes() + 64];
            for (long index = 0; index < 200; index++) {
                Scene scene = new DrawnWorld(5, Split.TRAINING).pair(index).scene();
                Arrays.fill(rgb, GUARD);
                painter.paint(scene, rgb, 31);
                for (int i = 0; i < 31; i++) {
                    assertThat(rgb[i]).isEqualTo(GUARD);
                }
                for (int i = 31 + painter.sizeBytes(); i < rgb.length; i++) {
                    assertThat(rgb[i]).isEqualTo(GUARD);
                }
            }
        }
    }

    @Test
    void keepsNothingOfThePictureBefore() {
        ScenePainter used = new ScenePainter(64);
        for (long index = 0; index < 100; index++) {
            Scene scene = new DrawnWorld(6, Split.TRAINING).pair(index).scene();
            byte[] fresh = new ScenePainter(64).paint(scene);
            assertThat(used.paint(scene)).isEqualTo(fresh);
        }
    }

    @Test
    void drawsEveryShapeInItsColour() {
        ScenePainter painter = new ScenePainter(64);
        for (Shape shape : Shape.values()) {
            // A point that lies within the shape: off the centre of ring and crescent.
            double u = shape == Shape.RING || shape == Shape.CRESCENT ? -0.72 : 0;
            for (Colour colour : Colour.values()) {
                Tone tone = colour.showsOn(Tone.WHITE) ? Tone.WHITE : Tone.BLACK;
                Figure figure = new Figure(shape, colour, Fill.SOLID, Size.LARGE, new Placement(0.5, 0.5, 0.36, 0));
                byte[] rgb = painter.paint(scene(tone, figure));
                assertNear(rgb, 32 + (int) (u * 0.36 * 64), 32, colour.red(), colour.green(), colour.blue());
                assertNear(rgb, 2, 2, tone.red(), tone.green(), tone.blue());
            }
        }
    }

    @Test
    void leavesAnOutlinedFigureEmpty() {
        Figure figure = new Figure(Shape.SQUARE, Colour.RED, Fill.OUTLINED, Size.LARGE,
                new Placement(0.5, 0.5, 0.36, 0));
        byte[] rgb = new ScenePainter(64).paint(scene(Tone.WHITE, figure));
        assertNear(rgb, 32, 32, 250, 250, 250);
    }

    @Test
    void drawsEarlierThingsInFront() {
        Figure front = new Figure(Shape.CIRCLE, Colour.RED, Fill.SOLID, Size.SMALL, new Placement(0.5, 0.5, 0.12, 0));
        Figure back = new Figure(Shape.SQUARE, Colour.BLUE, Fill.SOLID, Size.LARGE, new Placement(0.5, 0.5, 0.36, 0));
        byte[] rgb = new ScenePainter(64).paint(scene(Tone.WHITE, front, back));
        assertNear(rgb, 32, 32, Colour.RED.red(), Colour.RED.green(), Colour.RED.blue());
    }

    @Test
    void drawsEveryGlyphDifferently() {
        ScenePainter painter = new ScenePainter(64);
        List<String> glyphs = List.of("0123456789abcdefghijklmnpqrstuvwxyz".split(""));
        for (int i = 0; i < glyphs.size(); i++) {
            for (int k = 0; k < i; k++) {
                assertThat(painter.paint(scene(Tone.WHITE, glyph(glyphs.get(i)))))
                        .as("%s and %s", glyphs.get(i), glyphs.get(k))
                        .isNotEqualTo(painter.paint(scene(Tone.WHITE, glyph(glyphs.get(k)))));
            }
        }
    }

    @Test
    void showsCompressionOnlyAsMuchAsItsQuality() {
        Figure figure = new Figure(Shape.STAR, Colour.RED, Fill.SOLID, Size.LARGE, new Placement(0.5, 0.5, 0.36, 0));
        Scene plain = scene(Tone.WHITE, figure);
        byte[] expected = new ScenePainter(61).paint(plain);
        // Steps of 1 in an orthonormal transform: at most 0.5 * 8 for each of the three bands, 1.772 the largest weight.
        assertThat(worst(expected, finished(plain, new Finish(0, 100)))).isLessThanOrEqualTo((int) (4 * (1 + 1.772)));
        assertThat(worst(expected, finished(plain, new Finish(0, 25)))).isGreaterThan(12);
        assertThat(worst(expected, finished(plain, new Finish(20, 0)))).isBetween(10, 21);
    }

    @Test
    void refusesAnArrayThatIsTooShort() {
        ScenePainter painter = new ScenePainter(16);
        Scene scene = new DrawnWorld(1, Split.TRAINING).pair(0).scene();
        assertThatThrownBy(() -> painter.paint(scene, new byte[16 * 16 * 3], 1))
                .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> new ScenePainter(15)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("actual=15");
    }

    private static byte[] finished(Scene scene, Finish finish) {
        return new ScenePainter(61)
                .paint(new Scene(scene.backdrop(), scene.items(), scene.relation(), finish, scene.grain()));
    }

    private static int worst(byte[] expected, byte[] actual) {
        int worst = 0;
        for (int i = 0; i < expected.length; i++) {
            worst = Math.max(worst, Math.abs((expected[i] & 0xFF) - (actual[i] & 0xFF)));
        }
        return worst;
    }

    private static Item glyph(String text) {
        return new Inscription(text, Colour.BLACK, new Placement(0.5, 0.5, 0.3, 0));
    }

    private static Scene scene(Tone tone, Item... items) {
        return new Scene(new Backdrop(tone, Texture.PLAIN), List.of(items), null, Finish.NONE, 4);
    }

    /** 13: shades vary by 12, and rounding. */
    private static void assertNear(byte[] rgb, int x, int y, int... expected) {
        for (int band = 0; band < 3; band++) {
            int actual = rgb[3 * (64 * y + x) + band] & 0xFF;
            assertThat(actual).as("x=%d y=%d band=%d", x, y, band).isBetween(expected[band] - 13, expected[band] + 13);
        }
    }
}
