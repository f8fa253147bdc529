package org.clip4j.benchmarks.soak;

import java.util.LinkedHashMap;
import java.util.Map;
import org.HdrHistogram.Histogram;

/**
 * What calls took, in nanoseconds, to three digits.
 *
 * @param count calls
 */
record Latencies(long count, long p50, long p99, long p999, long max) {
    static Latencies of(Histogram histogram) {
        return new Latencies(histogram.getTotalCount(), histogram.getValueAtPercentile(50),
                histogram.getValueAtPercentile(99), histogram.getValueAtPercentile(99.9), histogram.getMaxValue());
    }

    /** How many times slower than a usual call the slowest of a thousand is. */
    double tail() {
        return (double) p999 / p50;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("calls", count);
        json.put("p50_ns", p50);
        json.put("p99_ns", p99);
        json.put("p99.9_ns", p999);
        json.put("max_ns", max);
        json.put("p99.9_by_p50", tail());
        return json;
    }
}
