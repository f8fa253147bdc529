package org.clip4j.kernels;

/** Conversions between f32 and the two 16-bit floating-point types; round to nearest even. Stateless. */
public final class HalfPrecision {
    private HalfPrecision() {}

    /** The exact value of an IEEE half; NaN payloads are kept. */
    public static float f16ToF32(short half) {
        int sign = (half & 0x8000) << 16;
        int exponent = (half >>> 10) & 0x1F;
        int mantissa = half & 0x3FF;
        if (exponent == 0x1F) {
            return Float.intBitsToFloat(sign | 0x7F80_0000 | mantissa << 13);
        }
        if (exponent == 0) {
            // A subnormal half is mantissa * 2^-24, exact in f32.
            float magnitude = mantissa * 0x1p-24f;
            return sign == 0 ? magnitude : -magnitude;
        }
        return Float.intBitsToFloat(sign | (exponent + 112) << 23 | mantissa << 13);
    }

    /** The nearest IEEE half; what is too large becomes infinity, NaN stays NaN. */
    public static short f32ToF16(float value) {
        int bits = Float.floatToRawIntBits(value);
        int sign = (bits >>> 16) & 0x8000;
        int magnitude = bits & 0x7FFF_FFFF;
        if (magnitude > 0x7F80_0000) {
            return (short) (sign | 0x7E00 | (magnitude >>> 13 & 0x3FF));
        }
        // 65520 and above round to infinity.
        if (magnitude >= 0x477F_F000) {
            return (short) (sign | 0x7C00);
        }
        // Below 2^-14 the result is subnormal: multiples of 2^-24, and rint rounds to even.
        if (magnitude < 0x3880_0000) {
            return (short) (sign | (int) Math.rint(Float.intBitsToFloat(magnitude) * 0x1p24));
        }
        int rounded = magnitude + 0xFFF + (magnitude >>> 13 & 1);
        return (short) (sign | (rounded - 0x3800_0000) >>> 13);
    }

    /**
     * An inexact double as the neighbouring float whose last bit is set, so that rounding the result once more, to a
     * 16-bit type, gives the same as rounding the double itself (Boldo and Melquiond, "When double rounding is odd").
     */
    static float roundToOdd(double value) {
        float nearest = (float) value;
        if (nearest == value || Float.isInfinite(nearest) || Float.isNaN(nearest)) {
            return nearest;
        }
        int bits = Float.floatToRawIntBits(nearest);
        int truncated = Math.abs((double) nearest) > Math.abs(value) ? bits - 1 : bits;
        return Float.intBitsToFloat(truncated | 1);
    }

    /** The exact value of a bfloat16. */
    public static float bf16ToF32(short bits) {
        return Float.intBitsToFloat(bits << 16);
    }

    /** The nearest bfloat16; NaN stays NaN. */
    public static short f32ToBf16(float value) {
        int bits = Float.floatToRawIntBits(value);
        if ((bits & 0x7FFF_FFFF) > 0x7F80_0000) {
            return (short) (bits >>> 16 | 0x40);
        }
        return (short) ((bits + 0x7FFF + (bits >>> 16 & 1)) >>> 16);
    }
}
