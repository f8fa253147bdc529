package org.clip4j.benchmarks.pytorch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.benchmarks.ControlKernel;

/**
 * Lets both sides train in turns, a step each, and prints the table. Arguments: {@code [--quick] [--json FILE]}.
 * Nothing is timed unless both learn the same from the first steps.
 */
public final class TrainingComparison {
    /** Largest relative difference of the first losses, which come of the same weights. */
    private static final double FIRST_LIMIT = 1e-4;
    /** Largest relative difference of the losses behind it, which rounding has driven apart. */
    private static final double LATER_LIMIT = 1e-3;
    /** Both warm up while they are compared. */
    private static final int CHECKED_STEPS = 5;

    private final boolean quick;
    private String peer = "";
    private int batch;

    private TrainingComparison(boolean quick) {
        this.quick = quick;
    }

    /** Measures and prints; exits with 2 when the arguments make no sense, with 1 when nothing could be measured. */
    public static void main(String[] args) {
        boolean quick = false;
        Path json = null;
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--quick")) {
                quick = true;
            } else if (args[i].equals("--json") && i + 1 < args.length) {
                json = Path.of(args[++i]);
            } else {
                System.err.println("unknown argument: " + args[i] + "; usage: benchmarks/run training [--quick]"
                        + " [--json FILE]");
                System.exit(2);
            }
        }
        try {
            new TrainingComparison(quick).run(json);
        } catch (IOException e) {
            System.err.println(e.getMessage());
            System.exit(1);
        }
    }

    private void run(Path json) throws IOException {
        Workload workload = Workload.recipe();
        batch = workload.batchSize();
        List<SpeedRow> rows = new ArrayList<>();
        for (int threads : quick ? new int[]{2} : new int[]{1, 2}) {
            System.err.println("measuring with threads=" + threads);
            rows.add(measure(threads));
        }
        Circumstances circumstances = Circumstances.here(peer);
        String model = workload.describe();
        System.out.print(SpeedTable.text(circumstances, model, rows));
        if (json != null) {
            Files.writeString(json, SpeedTable.json(circumstances, model, rows));
        }
    }

    private SpeedRow measure(int threads) throws IOException {
        try (TrainingProcess ours = TrainingProcess.start(TrainingTurns.CLIP4J, threads);
                TrainingProcess theirs = TrainingProcess.start(TrainingTurns.PYTORCH, threads)) {
            peer = theirs.description();
            requireSameLosses(ours.steps(CHECKED_STEPS), theirs.steps(CHECKED_STEPS));
            List<Double> ourMillis = new ArrayList<>();
            List<Double> theirMillis = new ArrayList<>();
            List<Double> controlMillis = new ArrayList<>();
            for (int round = quick ? 8 : 30; round > 0; round--) {
                controlMillis.add(ControlKernel.millis(threads));
                ourMillis.add(ours.steps(1).get(0).millis());
                controlMillis.add(ControlKernel.millis(threads));
                theirMillis.add(theirs.steps(1).get(0).millis());
            }
            return new SpeedRow(threads, batch, ourMillis, theirMillis, controlMillis);
        }
    }

    /** Checks that both take the same steps. */
    static void requireSameLosses(List<TrainingProcess.TimedStep> ours, List<TrainingProcess.TimedStep> theirs)
            throws IOException {
        for (int step = 0; step < ours.size(); step++) {
            double expected = theirs.get(step).loss();
            double actual = ours.get(step).loss();
            double error = Math.abs(actual - expected) / expected;
            double limit = step == 0 ? FIRST_LIMIT : LATER_LIMIT;
            // Negated, so that NaN fails.
            if (!(error <= limit)) {
                throw new IOException("the sides do not learn the same, nothing is timed: step=" + (step + 1)
                        + " ours=" + actual + " theirs=" + expected + " relativeError=" + error + " limit=" + limit);
            }
        }
    }
}
