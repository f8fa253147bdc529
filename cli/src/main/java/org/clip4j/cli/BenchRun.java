package org.clip4j.cli;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.LoadOptions;
import org.clip4j.kernels.Precision;

/** Measures a model in some precisions, batch sizes and numbers of threads, one row after another. For one thread. */
final class BenchRun {
    /** Items that are compared with f32: in f32 a large batch would take longer than what is measured. */
    private static final int COMPARED_ITEMS = 16;
    private static final Path STATUS = Path.of("/proc/self/status");
    private static final String RESIDENT = "VmRSS:";

    private final BenchModel model;
    private final LoadOptions options;
    private final List<Integer> batches;
    private final CallTimer timer;
    private final List<BenchInput> inputs;
    private final int comparedItems;
    private final Set<String> reasons = new LinkedHashSet<>();
    private final List<BenchRow> rows = new ArrayList<>();

    /**
     * Measures nothing yet.
     *
     * @param options all but threads and precision
     * @param seconds of each row, the warm-up left out
     */
    BenchRun(BenchModel model, LoadOptions options, List<Integer> batches, double seconds) {
        this.model = model;
        this.options = options;
        this.batches = batches;
        this.timer = new CallTimer(seconds);
        this.inputs = BenchInput.all(model.config());
        this.comparedItems = Math.min(COMPARED_ITEMS, batches.stream().mapToInt(Integer::intValue).max().orElse(1));
    }

    /** Measures all rows. */
    void run(List<Integer> threads, List<Precision> precisions, Console console) throws IOException {
        long total = (long) threads.size() * precisions.size() * inputs.size() * batches.size();
        try (Progress progress = Progress.items("bench", total, false, console)) {
            boolean compare = precisions.stream().anyMatch(precision -> precision != Precision.F32);
            Map<BenchInput, FloatBuffer> expected = compare ? expected() : Map.of();
            for (int count : threads) {
                for (Precision precision : precisions) {
                    try (ClipModel loaded = model.load(options.withThreads(count).withPrecision(precision))) {
                        reasons.add(loaded.backendReason());
                        measure(loaded, count, precision, expected, progress);
                    }
                }
            }
        }
    }

    /** The first embeddings of each input in f32, [comparedItems,E]. */
    private Map<BenchInput, FloatBuffer> expected() throws IOException {
        Map<BenchInput, FloatBuffer> all = new LinkedHashMap<>();
        try (ClipModel loaded = model.load(options.withPrecision(Precision.F32))) {
            for (BenchInput input : inputs) {
                try (ClipSession session = loaded.newSession(input.sessionOptions(comparedItems))) {
                    FloatBuffer out = FloatBuffer.allocate(comparedItems * loaded.embedDim());
                    input.call(session, comparedItems, out).run();
                    all.put(input, out);
                }
            }
        }
        return all;
    }

    private void measure(ClipModel loaded, int threads, Precision precision, Map<BenchInput, FloatBuffer> expected,
            Progress progress) {
        for (BenchInput input : inputs) {
            for (int batch : batches) {
                try (ClipSession session = loaded.newSession(input.sessionOptions(batch))) {
                    FloatBuffer out = FloatBuffer.allocate(batch * loaded.embedDim());
                    CallTimes times = timer.measure(input.call(session, batch, out));
                    double cosine = precision == Precision.F32
                            ? Double.NaN
                            : leastCosine(out, expected.get(input), Math.min(batch, comparedItems), loaded.embedDim());
                    rows.add(new BenchRow(precision.label(), threads, input.name(), batch, loaded.backendName(), times,
                            residentBytes(), cosine));
                }
                progress.step();
            }
        }
    }

    /** Of the first rows; all are of unit length. */
    private static double leastCosine(FloatBuffer actual, FloatBuffer expected, int rows, int embedDim) {
        double least = Double.POSITIVE_INFINITY;
        for (int row = 0; row < rows; row++) {
            double cosine = 0;
            for (int i = row * embedDim; i < (row + 1) * embedDim; i++) {
                cosine += (double) actual.get(i) * expected.get(i);
            }
            least = Math.min(least, cosine);
        }
        return least;
    }

    /** Memory of the process that is in use, mapped weights included; negative when the system does not say. */
    private static long residentBytes() {
        try (Stream<String> lines = Files.lines(STATUS)) {
            return lines.filter(line -> line.startsWith(RESIDENT)).findFirst()
                    .map(line -> 1024 * Long.parseLong(line.replaceAll("[^0-9]", ""))).orElse(-1L);
        } catch (IOException e) {
            // Other systems have no such file.
            return -1;
        }
    }

    /** By threads, precision, input and batch, in the order in which they were asked for. */
    List<BenchRow> rows() {
        return rows;
    }

    /** Which backends ran, and why these: a line for each precision and number of threads. */
    List<String> reasons() {
        return List.copyOf(reasons);
    }
}
