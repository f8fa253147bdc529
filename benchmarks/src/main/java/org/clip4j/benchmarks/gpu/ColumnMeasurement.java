package org.clip4j.benchmarks.gpu;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.LoadOptions;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;

/** Measures one device in one precision: all batch sizes, one session each, on the caller's thread. */
final class ColumnMeasurement {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int MOST_CALLS = 20_000;
    private static final int FEWEST_CALLS = 3;
    /** Calls before anything is timed; a captured graph runs from the third at the latest. */
    private static final int WARM_UP_CALLS = 4;
    /** With the calls before, about what a row takes at least. */
    private static final int CALLS_OF_A_ROW = FEWEST_CALLS + 2;
    /**
     * Largest relative error against the processor in f32: 25 times the rounding of the type, which is what 24 layers add
     * up to. It is to find what is wrong, not to show what is exact; the tests against goldens do that.
     */
    private static final Map<String, Double> LIMITS = Map.of("f32", 1e-4, "tf32", 25.0 / (1 << 11), "f16",
            25.0 / (1 << 11), "bf16", 25.0 / (1 << 8));
    /** int8 and fp8: a cosine of 0.99. */
    private static final double COARSE_LIMIT = 0.14;

    private final Path file;
    private final Input input;
    private final double[] expected;
    private final Settings settings;

    /**
     * Prepares it.
     *
     * @param expected rows of the first items of the input, [n,E]
     */
    ColumnMeasurement(Path file, Input input, double[] expected, Settings settings) {
        this.file = file;
        this.input = input;
        this.expected = expected;
        this.settings = settings;
    }

    /** The first two embeddings on the processor in f32. */
    static double[] expected(Path file, Input input, Settings settings) throws IOException {
        LoadOptions options = options("cpu", Precision.F32, settings).withTowers(input.tower());
        int rows = Math.min(2, input.largestBatch());
        try (ClipModel model = ClipModel.load(file, options);
                ClipSession session = model.newSession(input.sessionOptions(rows))) {
            input.embed(session, rows);
            return input.embeddings(rows);
        }
    }

    private static LoadOptions options(String device, Precision precision, Settings settings) {
        int threads = settings.threads() > 0 ? settings.threads() : BackendOptions.defaults().threads();
        return LoadOptions.defaults().withDevice(device).withPrecision(precision).withThreads(threads);
    }

    /** All batch sizes; one that cannot be measured says why. */
    Column measure(Device device, Precision precision, Deadline deadline) {
        List<Row> rows = new ArrayList<>();
        String backend;
        try (ClipModel model = ClipModel.load(file,
                options(device.name(), precision, settings).withTowers(input.tower()))) {
            backend = model.backendReason();
            measure(model, device, precision, deadline, rows);
        } catch (IOException | RuntimeException e) {
            // One device must not cost the others; a table that says why is what was asked for.
            backend = "failed: " + reason(e);
        }
        return new Column(device.name(), precision.label(), backend, rows);
    }

    private void measure(ClipModel model, Device device, Precision precision, Deadline deadline, List<Row> rows) {
        double secondsPerItem = 0;
        String stop = "";
        // Asking for the power disturbs a call of a few hundred microseconds, so the smallest batch goes without.
        PowerMeter meter = null;
        try {
            for (int batch : settings.batches()) {
                double needs = Math.max(settings.seconds(), CALLS_OF_A_ROW * secondsPerItem * batch);
                if (stop.isEmpty() && batch > input.largestBatch()) {
                    stop = "memory";
                } else if (stop.isEmpty() && needs > settings.slowestRowSeconds()) {
                    stop = "slow";
                }
                if (!stop.isEmpty() || deadline.secondsLeft() < needs) {
                    rows.add(Row.missing(batch, stop.isEmpty() ? "no time" : stop));
                    continue;
                }
                if (meter == null && !rows.isEmpty() && !device.name().equals("cpu")) {
                    meter = PowerMeter.ofCard(cardOf(device.name()));
                }
                Row row = row(model, precision, batch, meter);
                rows.add(row);
                if (row.measured()) {
                    secondsPerItem = 1 / row.itemsPerSecond();
                } else {
                    stop = "failed";
                }
            }
        } finally {
            if (meter != null) {
                meter.close();
            }
        }
    }

    /** N of cuda:N. */
    private static int cardOf(String device) {
        return device.contains(":") ? Integer.parseInt(device.substring(device.indexOf(':') + 1)) : 0;
    }

    private Row row(ClipModel model, Precision precision, int batch, PowerMeter meter) {
        try (ClipSession session = model.newSession(input.sessionOptions(batch))) {
            double error = check(session, precision, batch);
            warmUp(session, batch);
            return timed(session, batch, meter, error);
        } catch (RuntimeException e) {
            return Row.missing(batch, "failed: " + reason(e));
        } catch (OutOfMemoryError e) {
            return Row.missing(batch, "memory: " + reason(e));
        }
    }

    private double check(ClipSession session, Precision precision, int batch) {
        input.forgetEmbeddings();
        input.embed(session, batch);
        int rows = Math.min(batch, expected.length / session.model().embedDim());
        double error = input.error(expected, rows);
        double limit = LIMITS.getOrDefault(precision.label(), COARSE_LIMIT);
        // Negated, so that NaN fails.
        if (!(error <= limit)) {
            throw new IllegalStateException("wrong answer, nothing is timed: relativeError=" + error + " limit="
                    + limit);
        }
        return error;
    }

    private void warmUp(ClipSession session, int batch) {
        Deadline enough = Deadline.in(settings.seconds() / 4);
        Deadline tooMuch = Deadline.in(settings.seconds());
        for (int i = 0; tooMuch.secondsLeft() > 0 && (i < WARM_UP_CALLS || enough.secondsLeft() > 0); i++) {
            input.embed(session, batch);
        }
    }

    private Row timed(ClipSession session, int batch, PowerMeter meter, double error) {
        long[] nanos = new long[MOST_CALLS];
        long[] bytes = new long[MOST_CALLS];
        long most = (long) (settings.seconds() * 1e9);
        int calls = 0;
        long begin = System.nanoTime();
        long end = begin;
        while (calls < MOST_CALLS && (calls < FEWEST_CALLS || end - begin < most)) {
            long bytesBefore = THREADS.getCurrentThreadAllocatedBytes();
            long start = System.nanoTime();
            input.embed(session, batch);
            end = System.nanoTime();
            nanos[calls] = end - start;
            bytes[calls++] = THREADS.getCurrentThreadAllocatedBytes() - bytesBefore;
        }
        double watts = meter == null ? Double.NaN : meter.meanWatts(begin, end);
        return Row.of(batch, Arrays.copyOf(nanos, calls), Arrays.copyOf(bytes, calls), watts, error);
    }

    private static String reason(Throwable e) {
        return String.valueOf(e.getMessage()).lines().findFirst().orElse(e.getClass().getSimpleName());
    }
}
