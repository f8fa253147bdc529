package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

/** Bytes of e4m3 against the format's description. */
class E4m3Test {
    /**
     * By the specification: sign, exponent with bias 7, mantissa; the last of the exponent's values holds numbers, too.
     */
    private static double number(int bits) {
        int exponent = (bits >> 3) & 0xF;
        int mantissa = bits & 7;
        double magnitude = exponent == 0 ? mantissa / 8.0 * 0x1p-6 : (1 + mantissa / 8.0) * Math.pow(2, exponent - 7);
        return (bits & 0x80) == 0 ? magnitude : -magnitude;
    }

    @Test
    void everyByteKeepsItsNumber() {
        for (int bits = 0; bits < 256; bits++) {
            if ((bits & 0x7F) == 0x7F) {
                assertThat(E4m3.value((byte) bits)).isNaN();
                continue;
            }
            assertThat((double) E4m3.value((byte) bits)).as("bits=%d", bits).isEqualTo(number(bits));
            if (bits != 0x80) { // minus zero becomes zero
                assertThat(E4m3.of((float) number(bits))).as("bits=%d", bits).isEqualTo((byte) bits);
            }
        }
        assertThat(E4m3.of(Float.NaN)).isEqualTo((byte) 0x7F);
    }

    @Test
    void roundsToTheNearestAndOfTwoToTheEvenOne() {
        for (int bits = 0; bits < 0x7E; bits++) {
            float low = (float) number(bits);
            float high = (float) number(bits + 1);
            float middle = (low + high) / 2;
            int even = bits % 2 == 0 ? bits : bits + 1;
            assertThat(E4m3.of(middle)).as("middle=%s", middle).isEqualTo((byte) even);
            assertThat(E4m3.of(Math.nextDown(middle))).as("below %s", middle).isEqualTo((byte) bits);
            assertThat(E4m3.of(Math.nextUp(middle))).as("above %s", middle).isEqualTo((byte) (bits + 1));
            assertThat(E4m3.of(-Math.nextUp(middle))).as("below -%s", middle).isEqualTo((byte) ((bits + 1) | 0x80));
        }
    }

    @Test
    void saturates() {
        Random random = new Random(1);
        for (int i = 0; i < 1000; i++) {
            float beyond = E4m3.MAX * (1 + random.nextFloat() * 1000);
            assertThat(E4m3.value(E4m3.of(beyond))).isEqualTo(E4m3.MAX);
            assertThat(E4m3.value(E4m3.of(-beyond))).isEqualTo(-E4m3.MAX);
        }
        assertThat(E4m3.value(E4m3.of(Float.POSITIVE_INFINITY))).isEqualTo(E4m3.MAX);
    }
}
