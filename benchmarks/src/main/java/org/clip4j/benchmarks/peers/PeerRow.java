package org.clip4j.benchmarks.peers;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of the comparison. Times are milliseconds per call.
 *
 * @param what input, batch and threads
 * @param ours our own times
 * @param theirs the peer's
 * @param ratio ours / theirs, the median over neighbouring rounds of the two
 * @param controlMillis fastest and slowest control kernel beside the rounds
 */
record PeerRow(String what, Times ours, Times theirs, double ratio, Range controlMillis) {
    /** The bar: our p50 is at most so many times the peer's. */
    static final double BAR = 1.3;

    /**
     * Times of one runtime.
     *
     * @param p50 median over all calls
     * @param p99 over all calls
     * @param calls that were timed
     * @param bytesPerCall allocated on the Java heap by the caller's thread, the median over rounds, so that what is
     *     allocated once in a process does not count
     */
    record Times(double p50, double p99, long calls, double bytesPerCall) {
        Map<String, Object> toJson() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("p50_ms", p50);
            json.put("p99_ms", p99);
            json.put("calls", calls);
            json.put("bytes_per_call", bytesPerCall);
            return json;
        }
    }

    /** Smallest and largest of some values. */
    record Range(double low, double high) {}

    boolean holds() {
        return ratio <= BAR;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("what", what);
        json.put("ours", ours.toJson());
        json.put("theirs", theirs.toJson());
        json.put("ratio", ratio);
        json.put("bar", "ratio <= " + BAR);
        json.put("holds", holds());
        json.put("control_ms", Map.of("low", controlMillis.low(), "high", controlMillis.high()));
        return json;
    }
}
