package org.clip4j.training.drawn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Glyphs for pictures and labels. */
class StrokeFontTest {
    private static final String KNOWN = "0123456789abcdefghijklmnopqrstuvwxyz.,:;-_/()[]+='\"!?%*#&<>|";

    @Test
    void everyCharacterHasStrokesOfItsOwnWithinItsCell() {
        Set<String> different = new HashSet<>();
        for (int k = 0; k < KNOWN.length(); k++) {
            char c = KNOWN.charAt(k);
            double[] strokes = StrokeFont.strokes(c);
            assertThat(strokes.length).as("%s", c).isPositive().matches(n -> n % 4 == 0);
            for (int i = 0; i < strokes.length; i++) {
                assertThat(Math.abs(strokes[i])).as("%s", c).isLessThanOrEqualTo(i % 2 == 0 ? 1 / 3.0 : 0.5);
            }
            for (int i = 0; i < strokes.length; i += 4) {
                assertThat(strokes[i] == strokes[i + 2] && strokes[i + 1] == strokes[i + 3])
                        .as("a dot of no length: %s",
                                c)
                        .isFalse();
            }
            different.add(Arrays.toString(strokes));
        }
        assertThat(different).as("0 and O are alike").hasSize(KNOWN.length() - 1);
        assertThat(StrokeFont.strokes('A')).isSameAs(StrokeFont.strokes('a'));
        assertThat(StrokeFont.strokes('\u00e9')).as("a box").isSameAs(StrokeFont.strokes('\u4e2d')).hasSize(16);
        assertThat(StrokeFont.strokes(' ')).isEmpty();
    }

    @Test
    void distancesAreFromTheNearestStroke() {
        double[] bar = StrokeFont.strokes('|');
        assertThat(StrokeFont.distance(bar, 0.25, 0)).isCloseTo(0.25, within(1e-12));
        assertThat(StrokeFont.distance(bar, 0, 0.75)).isCloseTo(0.25, within(1e-12));
        assertThat(StrokeFont.distance(new double[0], 0, 0)).isGreaterThan(1e100);
    }
}
