package org.clip4j.benchmarks.pytorch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/**
 * One side in a process of its own, which trains when it is told to. Arguments: {@code clip4j|pytorch THREADS}. Answers
 * on stdout: {@code turns ready DESCRIPTION} once; then, for each line {@code N} on stdin, N lines
 * {@code turns step LOSS GRADIENT_NORM MILLIS}. Ends with its stdin.
 */
final class TrainingTurns {
    static final String CLIP4J = "clip4j";
    static final String PYTORCH = "pytorch";
    static final String READY = "turns ready ";
    static final String STEP = "turns step ";

    private TrainingTurns() {}

    public static void main(String[] args) throws IOException {
        int threads = Integer.parseInt(args[1]);
        PrintStream answers = System.out;
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        try (TrainingRuntime runtime = open(args[0], Workload.recipe(), threads)) {
            answers.println(READY + runtime.description());
            for (String order = orders.readLine(); order != null; order = orders.readLine()) {
                for (int left = Integer.parseInt(order); left > 0; left--) {
                    long start = System.nanoTime();
                    TrainingRuntime.Step step = runtime.step();
                    double millis = (System.nanoTime() - start) / 1e6;
                    answers.println(String.format(Locale.ROOT, "%s%.9g %.9g %.3f", STEP, step.loss(),
                            step.gradientNorm(), millis));
                }
            }
        }
    }

    private static TrainingRuntime open(String side, Workload workload, int threads) {
        return switch (side) {
            case CLIP4J -> new Clip4jTraining(workload, threads);
            case PYTORCH -> new PyTorchTraining(workload, threads);
            default -> throw new IllegalArgumentException("unknown side: " + side);
        };
    }
}
