package org.clip4j.benchmarks.soak;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.benchmarks.EncoderInput;
import org.clip4j.benchmarks.SessionEncoder;
import org.clip4j.benchmarks.VitB32;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.kernels.PinnedThread;
import org.clip4j.kernels.Precision;

/**
 * Calls a session very many times, as a service would that embeds one thing after another, and prints how far the slowest
 * calls are from the usual ones beside those of a control, what was allocated, and whether memory grew. Arguments:
 * {@link SoakOptions#USAGE}.
 */
public final class SoakRun {
    private SoakRun() {}

    /** Measures and prints; exits with 2 when the arguments make no sense. */
    public static void main(String[] args) throws IOException {
        SoakOptions options;
        try {
            options = SoakOptions.of(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "; " + SoakOptions.USAGE);
            System.exit(2);
            return;
        }
        Map<String, Object> json = new LinkedHashMap<>(Circumstances.here("a spinning control").toJson());
        System.out.print(Circumstances.here("a spinning control").text());
        // Before the thread may be pinned: the oracle of the check computes on all processors.
        EncoderInput text = VitB32.texts(8, 1);
        EncoderInput image = VitB32.images(1);
        LoadOptions loading = LoadOptions.defaults().withBackend(options.backend()).withThreads(options.threads())
                .withPrecision(options.precision()).withPinned(options.pinned());
        try (ClipModel model = ClipModel.load(VitB32.modelFile(), loading);
                ClipSession session = model.newSession(new SessionOptions(1, 1));
                ResidentMemory memory = new ResidentMemory();
                PinnedThread pinned = options.pinned() ? model.pinThread() : null) {
            String thread = pinned == null ? "not pinned" : "pinned to processor " + pinned.processor();
            System.out.printf("runs     %s%nthread   the caller's is %s%n%n%s%n", model.backendReason(), thread,
                    SoakResult.HEADER);
            json.put("runs", model.backendReason());
            json.put("caller_processor", pinned == null ? -1 : pinned.processor());
            session.warmUp();
            List<Map<String, Object>> results = new ArrayList<>();
            add(results, "text8", options.texts(), session, text, options.precision(), memory);
            add(results, "image", options.images(), session, image, options.precision(), memory);
            json.put("results", results);
        }
        if (options.json() != null) {
            Files.writeString(options.json(),
                    JSON.std.with(JSON.Feature.PRETTY_PRINT_OUTPUT).asString(json) + "\n");
        }
    }

    private static void add(List<Map<String, Object>> results, String name, int count, ClipSession session,
            EncoderInput input, Precision precision, ResidentMemory memory) throws IOException {
        if (count == 0) {
            return;
        }
        try (SessionEncoder encoder = new SessionEncoder(session, input)) {
            input.check(encoder, precision);
            SoakResult result = new Soak(encoder).measure(name, count, memory);
            System.out.print(result.text());
            results.add(result.toJson());
        }
    }
}
