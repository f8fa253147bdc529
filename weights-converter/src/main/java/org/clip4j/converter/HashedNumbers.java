package org.clip4j.converter;

import java.nio.charset.StandardCharsets;

/** Random numbers that any language can compute from a name: FNV-1a as the key, splitmix64 as the sequence. */
final class HashedNumbers {
    private static final long FNV_OFFSET = 0xCBF2_9CE4_8422_2325L;
    private static final long FNV_PRIME = 0x0000_0100_0000_01B3L;
    private static final long GOLDEN_GAMMA = 0x9E37_79B9_7F4A_7C15L;

    private HashedNumbers() {}

    /** FNV-1a, 64 bits, of the UTF-8 bytes of {@code seed/name}. */
    static long key(String seed, String name) {
        return fnv1a(seed + "/" + name);
    }

    static long fnv1a(String text) {
        long hash = FNV_OFFSET;
        for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (b & 0xFF)) * FNV_PRIME;
        }
        return hash;
    }

    /** Output {@code index} of splitmix64 that starts at {@code key}; java.util.SplittableRandom's sequence. */
    static long bits(long key, long index) {
        long z = key + (index + 1) * GOLDEN_GAMMA;
        z = (z ^ (z >>> 30)) * 0xBF58_476D_1CE4_E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D0_49BB_1331_11EBL;
        return z ^ (z >>> 31);
    }

    /** A double in [-1, 1): 53 of the bits, exact. */
    static double unit(long key, long index) {
        return (bits(key, index) >>> 11) * 0x1p-52 - 1.0;
    }
}
