package org.clip4j.benchmarks.nearest;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.ProcessorLimits;

/**
 * Times exact searches and prints which part of the device's limits they reach: of its bandwidth, every row being read once
 * per call, and of its arithmetic. On a processor searches by codes take turns with those of the stored rows, and their
 * results are compared. Arguments: {@link NearestOptions#USAGE}.
 */
public final class NearestComparison {
    private static final int RECALL_QUERIES = 1000;

    private NearestComparison() {}

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
            if (backend instanceof CpuBackend cpu && ProcessorLimits.find().isPresent()) {
                try (LoopLimits limits = new LoopLimits(cpu, ProcessorLimits.find().get())) {
                    run(options, backend, limits, json);
                }
            } else {
                run(options, backend, Ceilings.of(backend, options), json);
            }
        }
        if (options.json() != null) {
            Files.writeString(options.json(),
                    JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json) + "\n");
        }
    }

    private static void run(NearestOptions options, Backend backend, Limits limits, Map<String, Object> json) {
        double loopMillis = options.onCard()
                ? Double.NaN
                : PlainLoop.nanosPerRow(options.width(), options.k()) * options.rows() / 1e6;
        try (NearestTrial trial = new NearestTrial(backend, options)) {
            System.out.printf(Locale.ROOT, "rows     %d x %d %s, %.2f GB, made in %.1f s%n", options.rows(),
                    options.width(), options.stored().name().toLowerCase(Locale.ROOT), options.bytes() / 1e9,
                    trial.fillSeconds());
            if (trial.hasCodes()) {
                Recall recall = trial.recall(backend, RECALL_QUERIES);
                System.out.printf(Locale.ROOT, "int8     recall@%d of %d queries %.6f, scores and order %s: %s%n",
                        recall.k(), recall.queries(), recall.found(), recall.same() ? "the same" : "differ",
                        recall.holds() ? "holds" : "does not hold");
                json.put("int8", recall.toJson());
            }
            System.out.println();
            NearestTable table = new NearestTable(options, limits, loopMillis);
            for (int batch : options.batches()) {
                trial.check(batch);
                Times stored = new Times();
                Times byCodes = new Times();
                trial.measure(batch, limits, stored, byCodes);
                table.stored(batch, stored);
                if (trial.hasCodes()) {
                    table.coded(batch, byCodes, stored);
                }
            }
            json.put("lines", table.lines());
        }
        System.out.printf(Locale.ROOT, "%nlimits   %s %.1f GB/s, %s %.3f TFLOP/s%n", limits.memory(),
                limits.bestGigabytes(), limits.arithmetic(), limits.bestTeraflops());
        json.put(limits.memory() + "_gbs", limits.bestGigabytes());
        json.put(limits.arithmetic().toLowerCase(Locale.ROOT) + "_tflops", limits.bestTeraflops());
        json.put("rows", options.rows());
        json.put("width", options.width());
        json.put("stored", options.stored().name());
    }
}
