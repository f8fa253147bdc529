package org.clip4j.benchmarks.soak;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/**
 * What came of many calls of one input.
 *
 * @param firstBytes allocated on the heap within the first tenth of the calls, when the JVM may link or compile what is left
 * @param bytes allocated on the heap by all other calls and turns of the control together
 * @param allocating stretches of a hundredth of the calls each in which that was: nearly all where each call allocates, few
 *     where Java allocates the texts of a method's messages as it compiles the method
 * @param startKilobytes resident before the first call; -1, as the next ones, when the system does not say
 * @param settledKilobytes resident after a tenth of the calls
 * @param mostKilobytes the most of what was seen, a hundred times
 * @param collections of garbage
 */
record SoakResult(String name, Latencies calls, Latencies control, long firstBytes, long bytes, int allocating,
        long startKilobytes, long settledKilobytes, long endKilobytes, long mostKilobytes, long collections) {
    /** Of the call's p99.9 / p50 by the control's. */
    static final double TAIL_BAR = 1.2;
    /** A leak of 12 bytes per call of 90,000; what Java still compiles takes some pages. */
    static final long GROWTH_BAR_KILOBYTES = 1024;

    static final String HEADER = String.format("%-8s %8s %10s %10s %10s %10s %10s", "", "calls", "p50 ms", "p99 ms",
            "p99.9 ms", "max ms", "p99.9/p50");

    double tailRatio() {
        return calls.tail() / control.tail();
    }

    boolean tailHolds() {
        return tailRatio() <= TAIL_BAR;
    }

    boolean isHeapUntouched() {
        return bytes == 0;
    }

    long growthKilobytes() {
        return endKilobytes - settledKilobytes;
    }

    boolean isFlat() {
        return endKilobytes >= 0 && growthKilobytes() <= GROWTH_BAR_KILOBYTES;
    }

    String text() {
        return line(name, calls) + line("control", control) + String.format(Locale.ROOT,
                "         p99.9/p50 by the control's: %.2f, bar %.1f: %s%n"
                        + "         heap: %d bytes in the first tenth, then %d, in %d of %d stretches, %d collections:"
                        + " %s%n"
                        + "         resident: %.1f MB before, %.1f after a tenth, %.1f at the end, %.1f at most, growth"
                        + " %+.2f MB: %s%n",
                tailRatio(), TAIL_BAR, holds(tailHolds()), firstBytes, bytes, allocating, Soak.STRETCHES - Soak.SETTLED,
                collections,
                holds(isHeapUntouched()), startKilobytes / 1024.0, settledKilobytes / 1024.0, endKilobytes / 1024.0,
                mostKilobytes / 1024.0, growthKilobytes() / 1024.0, holds(isFlat()));
    }

    private static String line(String name, Latencies times) {
        return String.format(Locale.ROOT, "%-8s %8d %10.3f %10.3f %10.3f %10.3f %10.3f%n", name, times.count(),
                times.p50() / 1e6, times.p99() / 1e6, times.p999() / 1e6, times.max() / 1e6, times.tail());
    }

    private static String holds(boolean holds) {
        return holds ? "holds" : "does not hold";
    }

    Map<String, Object> toJson() {
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("input", name);
        json.put("ours", calls.toJson());
        json.put("control", control.toJson());
        json.put("tail_ratio", tailRatio());
        json.put("tail_bar", TAIL_BAR);
        json.put("tail_holds", tailHolds());
        json.put("heap_bytes_first_tenth", firstBytes);
        json.put("heap_bytes", bytes);
        json.put("heap_allocating_stretches", allocating);
        json.put("heap_holds", isHeapUntouched());
        json.put("collections", collections);
        json.put("resident_start_kb", startKilobytes);
        json.put("resident_settled_kb", settledKilobytes);
        json.put("resident_end_kb", endKilobytes);
        json.put("resident_most_kb", mostKilobytes);
        json.put("growth_kb", growthKilobytes());
        json.put("growth_bar_kb", GROWTH_BAR_KILOBYTES);
        json.put("resident_holds", isFlat());
        return json;
    }
}
