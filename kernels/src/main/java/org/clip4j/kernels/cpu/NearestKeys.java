package org.clip4j.kernels.cpu;

/**
 * A score and its row as one number: larger is nearer, of equal scores the smaller row. {@link #NONE} is less than any.
 * Stateless.
 */
final class NearestKeys {
    /** No row. */
    static final long NONE = Long.MIN_VALUE;

    private NearestKeys() {}

    /** A score that is no number counts as negative infinity, -0 as 0. */
    static long key(float score, int row) {
        float number = Float.isNaN(score) ? Float.NEGATIVE_INFINITY : score + 0f;
        int bits = Float.floatToRawIntBits(number);
        // Floats are ordered as their bits are, negative ones in reverse.
        int ordered = bits ^ ((bits >> 31) & 0x7FFF_FFFF);
        return ((long) ordered << 32) | (0xFFFF_FFFFL & ~row);
    }

    static float score(long key) {
        int ordered = (int) (key >> 32);
        return Float.intBitsToFloat(ordered ^ ((ordered >> 31) & 0x7FFF_FFFF));
    }

    static int row(long key) {
        return ~(int) key;
    }
}
