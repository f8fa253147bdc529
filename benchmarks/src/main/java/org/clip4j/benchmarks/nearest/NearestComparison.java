package org.clip4j.benchmarks.nearest;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;

/**
 * Times exact searches and prints which part of the device's limits they reach: of its copy bandwidth, every row being read
 * once per call, and of its rate of matrix products. Arguments: {@link NearestOptions#USAGE}.
 */
public final class NearestComparison {
    private final NearestOptions options;
    private final Ceilings ceilings;

    private NearestComparison(NearestOptions options, Ceilings ceilings) {
        this.options = options;
        this.ceilings = ceilings;
    }

    /** Measures and prints; exits with 2 when the arguments make no sense. */
    public static void main(String[] args) throws IOException {
        NearestOptions options;
        try {
            options = NearestOptions.of(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "; " + NearestOptions.USAGE);
            System.exit(2);
            return;
        }
        Precision precision = options.onCard() ? Precision.F16 : Precision.F32;
        Backends.Selection selection = Backends.select(options.device(), options.backend(),
                new BackendOptions(options.threads(), precision));
        Map<String, Object> json = new LinkedHashMap<>();
        try (Backend backend = selection.backend()) {
            Circumstances here = Circumstances.here(options.onCard() ? "none" : "a plain Java loop");
            System.out.print(here.text());
            System.out.println("runs     " + selection.reason());
            json.putAll(here.toJson());
            json.put("runs", selection.reason());
            new NearestComparison(options, Ceilings.of(backend, options)).run(backend, json);
        }
        if (options.json() != null) {
            Files.writeString(options.json(),
                    JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json) + "\n");
        }
    }

    private void run(Backend backend, Map<String, Object> json) {
        System.out.printf(Locale.ROOT, "limits   copy %.0f GB/s, matrix products %.1f TFLOP/s%n",
                ceilings.copyGigabytes(), ceilings.matrixTeraflops());
        double loopMillis = options.onCard()
                ? Double.NaN
                : PlainLoop.nanosPerRow(options.width(), options.k()) * options.rows() / 1e6;
        List<Map<String, Object>> lines = new ArrayList<>();
        try (NearestTrial trial = new NearestTrial(backend, options)) {
            double seconds = trial.fill();
            System.out.printf(Locale.ROOT, "rows     %d x %d %s, %.2f GB, stored in %.1f s%n%n", options.rows(),
                    options.width(), options.stored().name().toLowerCase(Locale.ROOT), options.bytes() / 1e9, seconds);
            System.out.printf("%6s %4s %10s %10s %6s %8s %9s %9s %9s %8s %11s%n", "batch", "k", "ms p50", "ms max",
                    "calls", "GB/s", "of copy", "TFLOP/s", "of matrix", "B/call", "plain loop");
            for (int batch : options.batches()) {
                trial.check(batch);
                NearestTrial.Times times = trial.measure(batch, options.seconds());
                lines.add(line(times, loopMillis * batch));
            }
        }
        json.put("copy_gbs", ceilings.copyGigabytes());
        json.put("matrix_tflops", ceilings.matrixTeraflops());
        json.put("rows", options.rows());
        json.put("width", options.width());
        json.put("stored", options.stored().name());
        json.put("lines", lines);
    }

    private Map<String, Object> line(NearestTrial.Times times, double loopMillis) {
        double gigabytes = options.bytes() / times.millis() / 1e6;
        double teraflops = 2.0 * options.rows() * options.width() * times.batch() / times.millis() / 1e9;
        String loop = Double.isNaN(loopMillis)
                ? ""
                : String.format(Locale.ROOT, "%.1f times", loopMillis / times.millis());
        System.out.printf(Locale.ROOT, "%6d %4d %10.3f %10.3f %6d %8.1f %8.1f%% %9.2f %8.1f%% %8d %11s%n",
                times.batch(), options.k(), times.millis(), times.slowest(), times.calls(), gigabytes,
                100 * gigabytes / ceilings.copyGigabytes(), teraflops, 100 * teraflops / ceilings.matrixTeraflops(),
                times.bytesPerCall(), loop);
        Map<String, Object> json = new LinkedHashMap<>();
        json.put("batch", times.batch());
        json.put("k", options.k());
        json.put("p50_ms", times.millis());
        json.put("max_ms", times.slowest());
        json.put("calls", times.calls());
        json.put("gbs", gigabytes);
        json.put("of_copy", gigabytes / ceilings.copyGigabytes());
        json.put("tflops", teraflops);
        json.put("of_matrix", teraflops / ceilings.matrixTeraflops());
        json.put("bytes_per_call", times.bytesPerCall());
        if (!Double.isNaN(loopMillis)) {
            json.put("plain_loop_ms", loopMillis);
        }
        return json;
    }
}
