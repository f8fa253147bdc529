package org.clip4j.benchmarks.nearest;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.clip4j.kernels.DType;

/** Prints a line for each batch and way of searching, and keeps it for the file. */
final class NearestTable {
    /** Of the read bandwidth, for one query. */
    private static final double READ_BAR = 0.9;
    /** Of the multiplying loop, for 256 queries. */
    private static final double MULTIPLY_BAR = 0.7;
    private static final int MANY_QUERIES = 256;
    /** Times f32, for one query. */
    private static final double CODES_BAR = 3.5;

    private final NearestOptions options;
    private final Limits limits;
    private final double loopMillis;
    private final List<Map<String, Object>> lines = new ArrayList<>();

    /**
     * Begins a table.
     *
     * @param loopMillis of a plain loop over all rows, or NaN
     */
    NearestTable(NearestOptions options, Limits limits, double loopMillis) {
        this.options = options;
        this.limits = limits;
        this.loopMillis = loopMillis;
        System.out.printf("%6s %6s %4s %10s %10s %10s %6s %8s %9s %9s %9s %8s %10s %9s %7s %6s%n", "scan", "batch", "k",
                "ms best", "ms p50", "ms max", "calls", "GB/s", "of " + limits.memory(), "TFLOP/s",
                "of " + limits.arithmetic(), "B/call", "plain loop", "of stored", "bar", "holds");
    }

    /** A line of searches of the rows as they are stored. */
    void stored(int batch, Times times) {
        double bar = Double.NaN;
        boolean holds = false;
        if (barsApply() && batch == 1) {
            bar = READ_BAR;
            holds = times.ofMemory(options.bytes()) >= bar;
        } else if (barsApply() && batch == MANY_QUERIES) {
            bar = MULTIPLY_BAR;
            holds = times.ofArithmetic(operations(batch)) >= bar;
        }
        line(name(options.stored()), batch, times, options.bytes(), Double.NaN, bar, holds);
    }

    /** A line of searches by codes, with those of the stored rows that took turns with them. */
    void coded(int batch, Times times, Times stored) {
        double ratio = times.timesFasterThan(stored);
        boolean hasBar = barsApply() && batch == 1;
        line("int8", batch, times, (double) options.rows() * (options.width() + 2 * Float.BYTES), ratio,
                hasBar ? CODES_BAR : Double.NaN, hasBar && ratio >= CODES_BAR);
    }

    private double operations(int batch) {
        return 2.0 * options.rows() * options.width() * batch;
    }

    private boolean barsApply() {
        return !options.onCard() && options.stored() == DType.F32;
    }

    private static String name(DType type) {
        return type.name().toLowerCase(Locale.ROOT);
    }

    private void line(String scan, int batch, Times times, double bytes, double ratio, double bar, boolean holds) {
        double gigabytes = bytes / times.median() / 1e6;
        double teraflops = operations(batch) / times.median() / 1e9;
        double ofMemory = times.ofMemory(bytes);
        double ofArithmetic = times.ofArithmetic(operations(batch));
        System.out.printf(Locale.ROOT,
                "%6s %6d %4d %10.3f %10.3f %10.3f %6d %8.1f %8.1f%% %9.3f %8.1f%% %8d %10s %9s %7s %6s%n", scan, batch,
                options.k(), times.best(), times.median(), times.slowest(), times.calls(), gigabytes,
                100 * ofMemory, teraflops, 100 * ofArithmetic,
                times.bytesPerCall(), number("%.1f", loopMillis * batch / times.median()), number("%.2f", ratio),
                number("%.2f", bar), Double.isNaN(bar) ? "" : holds ? "yes" : "no");
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("scan", scan);
        json.put("batch", batch);
        json.put("k", options.k());
        json.put("best_ms", times.best());
        json.put("p50_ms", times.median());
        json.put("max_ms", times.slowest());
        json.put("calls", times.calls());
        json.put("gbs", gigabytes);
        json.put("of_" + limits.memory(), ofMemory);
        json.put("tflops", teraflops);
        json.put("of_" + limits.arithmetic().toLowerCase(Locale.ROOT), ofArithmetic);
        json.put("bytes_per_call", times.bytesPerCall());
        putNumber(json, "plain_loop_ms", loopMillis * batch);
        putNumber(json, "times_stored", ratio);
        if (!Double.isNaN(bar)) {
            json.put("bar", bar);
            json.put("holds", holds);
        }
        lines.add(json);
    }

    private static String number(String format, double value) {
        return Double.isNaN(value) ? "" : String.format(Locale.ROOT, format, value);
    }

    private static void putNumber(Map<String, Object> json, String name, double value) {
        if (!Double.isNaN(value)) {
            json.put(name, value);
        }
    }

    List<Map<String, Object>> lines() {
        return lines;
    }
}
