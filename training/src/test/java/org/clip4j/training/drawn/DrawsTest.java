package org.clip4j.training.drawn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class DrawsTest {

    @Test
    void givesThePublishedNumbersOfSplitMix64() {
        // Source: Rosetta Code, Pseudo-random numbers/Splitmix64, seed 1234567
        Draws draws = new Draws(1234567);
        assertThat(draws.bits()).isEqualTo(6457827717110365317L);
        assertThat(draws.bits()).isEqualTo(3203168211198807973L);
        assertThat(draws.bits()).isEqualTo(Long.parseUnsignedLong("9817491932198370423"));
        assertThat(draws.bits()).isEqualTo(4593380528125082431L);
        assertThat(draws.bits()).isEqualTo(Long.parseUnsignedLong("16408922859458223821"));
    }

    @Test
    void staysInItsBounds() {
        Draws draws = new Draws(7);
        int[] counts = new int[7];
        for (int i = 0; i < 70_000; i++) {
            counts[draws.below(7)]++;
            assertThat(draws.unit()).isGreaterThanOrEqualTo(0).isLessThan(1);
        }
        // Six standard deviations of a count: 6 * sqrt(70000 * 1/7 * 6/7) = 556.
        for (int count : counts) {
            assertThat(count).isBetween(10_000 - 556, 10_000 + 556);
        }
    }

    @Test
    void refusesABoundThatIsNotPositive() {
        assertThatThrownBy(() -> new Draws(1).below(0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("bound=0");
    }

    @Test
    void choosesByWeight() {
        Draws draws = new Draws(3);
        int[] counts = new int[3];
        for (int i = 0; i < 10_000; i++) {
            counts[draws.weighted(1, 0, 3)]++;
        }
        assertThat(counts[1]).isZero();
        // Six standard deviations: 6 * sqrt(10000 * 1/4 * 3/4) = 260.
        assertThat(counts[0]).isBetween(2500 - 260, 2500 + 260);
    }
}
