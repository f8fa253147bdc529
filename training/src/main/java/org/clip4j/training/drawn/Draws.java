package org.clip4j.training.drawn;

import java.util.List;

/**
 * A stream of random numbers from a seed, the same on every JDK. One thread at a time.
 *
 * <p>
 * Source: SplitMix64 of Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, OOPSLA 2014.
 */
public final class Draws {
    // 0x9E3779B97F4A7C15: the golden ratio's fraction, the increment of SplitMix64
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;
    // 2^-53: a double's unit in the last place below 1
    private static final double ULP = 0x1.0p-53;

    private long state;

    /** Starts the stream of a seed. */
    public Draws(long seed) {
        state = seed;
    }

    /** Starts the stream that belongs to an index of a seed; streams of neighbouring indices are unrelated. */
    public static Draws of(long seed, long index) {
        return new Draws(mix(mix(seed + GOLDEN) ^ index * GOLDEN));
    }

    /** The finalizer of SplitMix64: a bijection that spreads every bit over all. */
    static long mix(long value) {
        long z = value;
        z = (z ^ z >>> 30) * 0xBF58476D1CE4E5B9L;
        z = (z ^ z >>> 27) * 0x94D049BB133111EBL;
        return z ^ z >>> 31;
    }

    /** All 64 bits. */
    public long bits() {
        state += GOLDEN;
        return mix(state);
    }

    /** From 0 to {@code bound - 1}; the bias is below {@code bound / 2^32}. */
    public int below(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound must be positive: bound=" + bound);
        }
        return (int) (((bits() >>> 32) * bound) >>> 32);
    }

    /** From 0 inclusive to 1 exclusive. */
    public double unit() {
        return (bits() >>> 11) * ULP;
    }

    /** From {@code low} to {@code high}. */
    public double between(double low, double high) {
        return low + (high - low) * unit();
    }

    /** True with a probability. */
    public boolean chance(double probability) {
        return unit() < probability;
    }

    /** One of a list's elements, each as likely as the others. */
    public <T> T oneOf(List<T> values) {
        return values.get(below(values.size()));
    }

    /** One of a list's elements, as likely as its weight's share in their sum. */
    <T> T weighted(List<T> values, int... weights) {
        return values.get(weighted(weights));
    }

    /** Index of one of some weights, as likely as its share in their sum. */
    int weighted(int... weights) {
        int sum = 0;
        for (int weight : weights) {
            sum += weight;
        }
        int rest = below(sum);
        int at = 0;
        while (rest >= weights[at]) {
            rest -= weights[at++];
        }
        return at;
    }
}
