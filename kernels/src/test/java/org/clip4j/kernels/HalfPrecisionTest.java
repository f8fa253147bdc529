package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class HalfPrecisionTest {
    private final long seed = new Random().nextLong();

    /** The value of 16 bits, spelled out: sign, exponent and mantissa of an IEEE format. */
    private static double value(int bits, int exponentBits) {
        int mantissaBits = 15 - exponentBits;
        int exponent = (bits >> mantissaBits) & ((1 << exponentBits) - 1);
        int mantissa = bits & ((1 << mantissaBits) - 1);
        int bias = (1 << (exponentBits - 1)) - 1;
        double sign = bits >> 15 == 0 ? 1 : -1;
        if (exponent == (1 << exponentBits) - 1) {
            return mantissa == 0 ? sign * Double.POSITIVE_INFINITY : Double.NaN;
        }
        double unit = Math.pow(2, Math.max(exponent, 1) - bias - mantissaBits);
        return sign * unit * (exponent == 0 ? mantissa : mantissa + (1 << mantissaBits));
    }

    @Test
    void widensEveryHalfExactlyAndBack() {
        for (int bits = 0; bits < 0x10000; bits++) {
            float f16 = HalfPrecision.f16ToF32((short) bits);
            float bf16 = HalfPrecision.bf16ToF32((short) bits);
            assertThat((double) f16).isEqualTo(Double.valueOf(value(bits, 5)));
            assertThat((double) bf16).isEqualTo(Double.valueOf(value(bits, 8)));
            // A signalling NaN becomes a quiet one with the same payload.
            int quietF16 = Float.isNaN(f16) ? bits | 0x200 : bits;
            int quietBf16 = Float.isNaN(bf16) ? bits | 0x40 : bits;
            assertThat(HalfPrecision.f32ToF16(f16) & 0xFFFF).isEqualTo(quietF16);
            assertThat(HalfPrecision.f32ToBf16(bf16) & 0xFFFF).isEqualTo(quietBf16);
        }
    }

    /** Nearest of all values of a format by search; where two are as near, the one with the even last bit. */
    private static final class Oracle {
        private final TreeMap<Double, Integer> values = new TreeMap<>();
        private final double overflow;

        Oracle(int exponentBits) {
            int infinity = ((1 << exponentBits) - 1) << (15 - exponentBits);
            for (int bits = 0; bits < infinity; bits++) {
                values.put(value(bits, exponentBits), bits);
            }
            // What would come next, if the exponent went on, rounds to infinity.
            double largest = values.lastKey();
            overflow = largest + (largest - values.lowerKey(largest));
            values.put(overflow, infinity);
        }

        int round(double value) {
            int sign = Double.doubleToRawLongBits(value) < 0 ? 0x8000 : 0;
            double magnitude = Math.min(Math.abs(value), overflow);
            double below = values.floorKey(magnitude);
            double above = values.ceilingKey(magnitude);
            int low = values.get(below);
            int high = values.get(above);
            // Both differences are exact: the formats have few bits, and the operands are close.
            double toLow = magnitude - below;
            double toHigh = above - magnitude;
            int nearest = toLow < toHigh || (toLow == toHigh && low % 2 == 0) ? low : high;
            return sign | nearest;
        }
    }

    @Test
    void roundsFloatsToNearestEven() {
        Oracle f16 = new Oracle(5);
        Oracle bf16 = new Oracle(8);
        Random random = new Random(seed);
        for (int i = 0; i < 300_000; i++) {
            float any = Float.intBitsToFloat(random.nextInt());
            float inRange = (float) (random.nextGaussian() * Math.pow(2, random.nextInt(44) - 28));
            check(f16, bf16, Float.isNaN(any) ? 0f : any);
            check(f16, bf16, inRange);
        }
        for (int bits = 0; bits < 0xFFFF; bits++) {
            // Midpoints between neighbours and their surroundings.
            checkAround(f16, bf16, (float) ((value(bits, 5) + value(bits + 1, 5)) / 2));
            checkAround(f16, bf16, (float) ((value(bits, 8) + value(bits + 1, 8)) / 2));
        }
        check(f16, bf16, Float.POSITIVE_INFINITY);
        check(f16, bf16, Float.NEGATIVE_INFINITY);
        check(f16, bf16, -0f);
    }

    private void checkAround(Oracle f16, Oracle bf16, float value) {
        if (!Float.isNaN(value)) {
            check(f16, bf16, value);
            check(f16, bf16, Math.nextUp(value));
            check(f16, bf16, Math.nextDown(value));
        }
    }

    private void check(Oracle f16, Oracle bf16, float value) {
        int half = HalfPrecision.f32ToF16(value) & 0xFFFF;
        int brain = HalfPrecision.f32ToBf16(value) & 0xFFFF;
        if (half != f16.round(value) || brain != bf16.round(value)) {
            throw new AssertionError("wrongly rounded: value=" + value + " f16=" + Integer.toHexString(half)
                    + " expected="
                    + Integer.toHexString(f16.round(value)) + " bf16=" + Integer.toHexString(brain) + " expected="
                    + Integer.toHexString(bf16.round(value)) + " seed=" + seed);
        }
    }

    @Test
    void storesDoublesRoundedOnce() {
        Oracle f16 = new Oracle(5);
        Oracle bf16 = new Oracle(8);
        Random random = new Random(seed);
        Tensor half = Tensor.allocate(DType.F16, 1);
        Tensor brain = Tensor.allocate(DType.BF16, 1);
        for (int i = 0; i < 200_000; i++) {
            int bits = random.nextInt(0x7C00);
            double middle = (value(bits, 5) + value(bits + 1, 5)) / 2;
            // As a float this is the midpoint itself.
            double value = bits == 0x7BFF ? random.nextGaussian() : middle * (1 + (random.nextInt(3) - 1) * 0x1p-40);
            half.set(0, value);
            brain.set(0, value);
            assertThat(half.bytes().getShort(0) & 0xFFFF).as("value=%s seed=%d", value, seed)
                    .isEqualTo(f16.round(value));
            assertThat(brain.bytes().getShort(0) & 0xFFFF).as("value=%s seed=%d", value, seed)
                    .isEqualTo(bf16.round(value));
        }
        half.set(0, 1e-60);
        assertThat(half.get(0)).isZero();
        half.set(0, Double.MAX_VALUE);
        assertThat(half.get(0)).isEqualTo(Double.POSITIVE_INFINITY);
        half.set(0, Double.NaN);
        assertThat(half.get(0)).isNaN();
    }
}
