package org.clip4j.benchmarks.peers;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One line of the comparison. Times are milliseconds per call.
 *
 * @param what precision, input, batch and threads, and what the peer runs
 * @param bar the least speed-up, or 0 when there is none
 * @param ours our own times
 * @param theirs the peer's
 * @param speedUp theirs / ours, the median over neighbouring rounds of the two
 * @param controlMillis fastest and slowest control kernel beside the rounds
 */
record PeerRow(String what, double bar, Times ours, Times theirs, double speedUp, Range controlMillis) {
    /**
     * Times of one runtime.
     *
     * @param p50 median over all calls
     * @param p99 over all calls
     * @param p999 over all calls: the slowest one where there are few
     * @param calls that were timed
     * @param bytesPerCall allocated on the Java heap by the caller's thread, the median over rounds, so that what is
     *     allocated once in a process does not count
     * @param cosine the least one with the embeddings in double precision
     */
    record Times(double p50, double p99, double p999, long calls, double bytesPerCall, double cosine) {
        Map<String, Object> toJson() {
            Map<String, Object> json = new LinkedHashMap<>();
            json.put("p50_ms", p50);
            json.put("p99_ms", p99);
            json.put("p999_ms", p999);
            json.put("calls", calls);
            json.put("bytes_per_call", bytesPerCall);
            json.put("least_cosine", cosine);
            return json;
        }
    }

    /** Smallest and largest of some values. */
    record Range(double low, double high) {}

    boolean holds() {
        return speedUp >= bar;
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("what", what);
        json.put("ours", ours.toJson());
        json.put("theirs", theirs.toJson());
        json.put("speed_up", speedUp);
        if (bar > 0) {
            json.put("bar", "speed_up >= " + bar);
            json.put("holds", holds());
        }
        json.put("control_ms", Map.of("low", controlMillis.low(), "high", controlMillis.high()));
        return json;
    }
}
