package org.clip4j.cuda;

/**
 * 8-bit floating point of one sign bit, four bits of exponent and three of mantissa, without infinities. Stateless.
 *
 * <p>Source: OCP 8-bit Floating Point Specification (OFP8), e4m3.
 */
final class E4m3 {
    /** The largest finite number. */
    static final float MAX = 448;

    private static final int BIAS = 7;
    private static final int MANTISSA_BITS = 3;
    private static final int SIGN = 0x80;
    private static final int LARGEST = 0x7E;
    private static final int NAN = 0x7F;

    private E4m3() {}

    /** The nearest number, of two as near the even one; what is beyond the largest becomes that. */
    static byte of(float value) {
        int sign = value < 0 ? SIGN : 0;
        float magnitude = Math.abs(value);
        if (Float.isNaN(magnitude)) {
            return NAN;
        }
        if (magnitude >= MAX) {
            return (byte) (sign | LARGEST);
        }
        // Below the smallest normal number steps are as wide as above it.
        int exponent = Math.max(Math.getExponent(magnitude), 1 - BIAS);
        int steps = (int) Math.rint(Math.scalb((double) magnitude, MANTISSA_BITS - exponent));
        // A mantissa that rounds up to the next power of two carries into the exponent.
        int bits = ((exponent + BIAS - 1) << MANTISSA_BITS) + steps;
        return (byte) (sign | Math.min(bits, LARGEST));
    }

    /** The number that some bits stand for. */
    static float value(byte bits) {
        int magnitude = bits & NAN;
        if (magnitude == NAN) {
            return Float.NaN;
        }
        int exponent = magnitude >> MANTISSA_BITS;
        int mantissa = magnitude & ((1 << MANTISSA_BITS) - 1);
        float value = exponent == 0
                ? Math.scalb((float) mantissa, 1 - BIAS - MANTISSA_BITS)
                : Math.scalb((float) (mantissa + (1 << MANTISSA_BITS)), exponent - BIAS - MANTISSA_BITS);
        return bits < 0 ? -value : value;
    }
}
