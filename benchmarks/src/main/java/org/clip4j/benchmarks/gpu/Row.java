package org.clip4j.benchmarks.gpu;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What one batch size took.
 *
 * @param batch items of a call
 * @param p50Millis of a call; NaN when nothing was measured
 * @param p99Millis of a call
 * @param calls that were measured
 * @param bytesPerCall allocated on the Java heap by the calling thread, the median: some calls allocate once in a process
 * @param joulesPerItem NaN when no power was reported
 * @param error relative, against the processor in f32
 * @param missing why nothing was measured, or empty
 */
record Row(int batch, double p50Millis, double p99Millis, int calls, double bytesPerCall, double joulesPerItem,
        double error, String missing) {
    static Row missing(int batch, String reason) {
        return new Row(batch, Double.NaN, Double.NaN, 0, Double.NaN, Double.NaN, Double.NaN, reason);
    }

    /** Of calls that took so long and allocated so much. */
    static Row of(int batch, long[] nanos, long[] bytes, double watts, double error) {
        long[] sorted = nanos.clone();
        Arrays.sort(sorted);
        long[] sortedBytes = bytes.clone();
        Arrays.sort(sortedBytes);
        double p50 = percentile(sorted, 0.5) / 1e6;
        return new Row(batch, p50, percentile(sorted, 0.99) / 1e6, sorted.length, percentile(sortedBytes, 0.5),
                watts * p50 / 1e3 / batch, error, "");
    }

    private static long percentile(long[] sorted, double share) {
        return sorted[(int) Math.min(sorted.length - 1, Math.ceil(share * sorted.length) - 1)];
    }

    boolean measured() {
        return missing.isEmpty();
    }

    double itemsPerSecond() {
        return batch / p50Millis * 1e3;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("batch", batch);
        if (!measured()) {
            json.put("missing", missing);
            return json;
        }
        json.put("p50_ms", p50Millis);
        json.put("p99_ms", p99Millis);
        json.put("items_s", itemsPerSecond());
        json.put("calls", calls);
        json.put("bytes_per_call", bytesPerCall);
        if (!Double.isNaN(joulesPerItem)) {
            json.put("joules_per_item", joulesPerItem);
        }
        json.put("relative_error", error);
        return json;
    }
}
