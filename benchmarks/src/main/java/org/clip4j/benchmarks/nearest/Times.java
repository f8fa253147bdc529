package org.clip4j.benchmarks.nearest;

import java.util.ArrayList;
import java.util.List;
import org.clip4j.benchmarks.Median;

/** Calls of one kind, each with the limits that were measured beside it. */
final class Times {
    private final List<Double> millis = new ArrayList<>();
    private final List<Double> gigabytes = new ArrayList<>();
    private final List<Double> teraflops = new ArrayList<>();
    private long bytesPerCall = Long.MAX_VALUE;

    /**
     * Counts a call.
     *
     * @param bytes that it allocated on the Java heap
     */
    void add(double callMillis, long bytes, Limits limits) {
        millis.add(callMillis);
        gigabytes.add(limits.gigabytes());
        teraflops.add(limits.teraflops());
        bytesPerCall = Math.min(bytesPerCall, bytes);
    }

    double median() {
        return millis.isEmpty() ? 0 : Median.of(millis);
    }

    double best() {
        return millis.stream().mapToDouble(m -> m).min().orElse(0);
    }

    double slowest() {
        return millis.stream().mapToDouble(m -> m).max().orElse(0);
    }

    int calls() {
        return millis.size();
    }

    long bytesPerCall() {
        return bytesPerCall;
    }

    /** The part of the bandwidth measured beside each call that calls of so many bytes reach, the median. */
    double ofMemory(double bytes) {
        List<Double> parts = new ArrayList<>();
        for (int i = 0; i < millis.size(); i++) {
            parts.add(bytes / millis.get(i) / 1e6 / gigabytes.get(i));
        }
        return Median.of(parts);
    }

    /** The part of the arithmetic measured beside each call, likewise. */
    double ofArithmetic(double operations) {
        List<Double> parts = new ArrayList<>();
        for (int i = 0; i < millis.size(); i++) {
            parts.add(operations / millis.get(i) / 1e9 / teraflops.get(i));
        }
        return Median.of(parts);
    }

    /** How many times faster these calls are than those that took turns with them, the median. */
    double timesFasterThan(Times others) {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < millis.size(); i++) {
            ratios.add(others.millis.get(i) / millis.get(i));
        }
        return Median.of(ratios);
    }
}
