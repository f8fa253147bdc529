package org.clip4j.cli;

import java.util.Locale;
import java.util.Map;
import java.util.OptionalDouble;

/**
 * What one input took in one precision.
 *
 * @param precision label
 * @param threads of a call
 * @param input {@code image}, or {@code text} and the number of tokens
 * @param batch items of a call
 * @param backend that ran it
 * @param times of its calls
 * @param residentBytes of the process afterwards; negative when the system does not say
 * @param cosine the least one to f32 of the items looked at; NaN in f32 itself
 */
record BenchRow(String precision, int threads, String input, int batch, String backend, CallTimes times,
        long residentBytes, double cosine) {
    private static final String NONE = "-";
    private static final double BYTES_PER_MEGABYTE = 1e6;

    /** An empty table that has a head. */
    static Table newTable() {
        Table.Align right = Table.Align.RIGHT;
        Table table = new Table(Table.Align.LEFT, right, Table.Align.LEFT, right, Table.Align.LEFT, right, right, right,
                right, right, right, right, right);
        table.row("precision", "threads", "input", "batch", "backend", "p50 ms", "p99 ms", "p99.9 ms", "items/s",
                "calls", "heap B/call", "resident MB", "cosine to f32");
        return table;
    }

    double itemsPerSecond() {
        return batch * times.callsPerSecond();
    }

    void addTo(Table table) {
        table.row(precision, String.valueOf(threads), input, String.valueOf(batch), backend, millis(500), millis(990),
                millis(999), number(itemsPerSecond()), String.valueOf(times.calls()), number(times.bytesPerCall()),
                residentBytes < 0 ? NONE : number(residentBytes / BYTES_PER_MEGABYTE),
                Double.isNaN(cosine) ? NONE : String.format(Locale.ROOT, "%.6f", cosine));
    }

    private String millis(int perThousand) {
        OptionalDouble millis = times.millis(perThousand);
        return millis.isPresent() ? number(millis.getAsDouble()) : NONE;
    }

    /** Three digits that count, at least. */
    private static String number(double value) {
        if (Double.isNaN(value)) {
            return NONE;
        }
        int decimals = value >= 100 || value == 0 ? 0 : value >= 10 ? 1 : value >= 1 ? 2 : 3;
        return String.format(Locale.ROOT, "%." + decimals + "f", value);
    }

    /** What is not known is null, and {@link Json} leaves it out. */
    Map<String, Object> toJson() {
        return Json.object("precision", precision, "threads", threads, "input", input, "batch", batch, "backend",
                backend, "p50_ms", orNull(times.millis(500)), "p99_ms", orNull(times.millis(990)), "p999_ms",
                orNull(times.millis(999)), "items_per_second", itemsPerSecond(), "calls", times.calls(),
                "heap_bytes_per_call", Double.isNaN(times.bytesPerCall()) ? null : times.bytesPerCall(),
                "resident_bytes", residentBytes < 0 ? null : residentBytes, "cosine_to_f32",
                Double.isNaN(cosine) ? null : cosine);
    }

    private static Double orNull(OptionalDouble value) {
        return value.isPresent() ? value.getAsDouble() : null;
    }
}
