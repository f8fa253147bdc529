package org.clip4j.benchmarks;

import java.util.List;

/** The middle of some values, which single disturbances do not move. Stateless. */
public final class Median {
    private Median() {}

    /** The middle one, or the mean of the two in the middle; there must be at least one. */
    public static double of(List<Double> values) {
        List<Double> sorted = values.stream().sorted().toList();
        int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }
}
