package org.clip4j.benchmarks.pytorch;

import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.benchmarks.Median;

/**
 * One line of the comparison.
 *
 * @param threads of each side
 * @param batch pairs of a step
 * @param ours milliseconds of each of our steps
 * @param theirs milliseconds of each of the peer's steps; step i ran beside step i of ours
 * @param controlMillis of the control kernel before each turn
 */
record SpeedRow(int threads, int batch, List<Double> ours, List<Double> theirs, List<Double> controlMillis) {
    /** The bar: samples per second, as part of the peer's. */
    static final double BAR = 0.6;

    SpeedRow {
        ours = List.copyOf(ours);
        theirs = List.copyOf(theirs);
        controlMillis = List.copyOf(controlMillis);
        if (ours.isEmpty() || ours.size() != theirs.size() || controlMillis.isEmpty()) {
            throw new IllegalArgumentException("steps do not pair up: ours=" + ours.size() + " theirs="
                    + theirs.size() + " controls=" + controlMillis.size());
        }
    }

    /** Our samples per second / the peer's, the median over neighbouring steps. */
    double ratio() {
        List<Double> ratios = new ArrayList<>();
        for (int i = 0; i < ours.size(); i++) {
            ratios.add(theirs.get(i) / ours.get(i));
        }
        return Median.of(ratios);
    }

    boolean holds() {
        return ratio() >= BAR;
    }

    double samplesPerSecond(List<Double> millis) {
        return batch / (Median.of(millis) / 1e3);
    }

    double lowestControl() {
        return Collections.min(controlMillis);
    }

    double highestControl() {
        return Collections.max(controlMillis);
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("threads", threads);
        json.put("batch", batch);
        json.put("steps", ours.size());
        json.put("ours", side(ours));
        json.put("theirs", side(theirs));
        json.put("ratio", ratio());
        json.put("bar", "ratio >= " + BAR);
        json.put("holds", holds());
        json.put("control_ms", Map.of("low", lowestControl(), "high", highestControl()));
        return json;
    }

    private Map<String, Object> side(List<Double> millis) {
        return Map.of("p50_ms", Median.of(millis), "samples_per_second", samplesPerSecond(millis));
    }
}
