package org.clip4j.benchmarks.head;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.clip4j.benchmarks.Circumstances;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link ZeroShotHeadBenchmark} over all prompts of a head and prints the ratio of both times beside the ratio of
 * tokens and nodes. Arguments: {@link HeadOptions#USAGE}.
 */
public final class HeadComparison {
    /** What sharing must yield of tokens / trie nodes: the rest is attention, pooled rows and building the trie. */
    private static final double BAR = 0.85;

    private HeadComparison() {}

    /** Measures and prints; exits with 2 when the arguments make no sense. */
    public static void main(String[] args) throws RunnerException {
        HeadOptions head;
        try {
            head = HeadOptions.of(args);
        } catch (IllegalArgumentException e) {
            System.err.println(e.getMessage() + "; " + HeadOptions.USAGE);
            System.exit(2);
            return;
        }
        HeadPrompts prompts = HeadPrompts.of(head.classes(), ZeroShotHeadBenchmark.vocabulary());
        int windows = ZeroShotHeadBenchmark.windows(prompts.size());
        System.err.println("measuring " + windows + " windows of prompts, each with and without sharing");
        Options options = new OptionsBuilder().include(ZeroShotHeadBenchmark.class.getName() + ".embed")
                .param("classes", Integer.toString(head.classes())).param("threads", Integer.toString(head.threads()))
                .param("backend", head.backend()).param("precision", head.precision().label())
                .addProfiler(HeadProfiler.class).forks(1).warmupIterations(2).measurementIterations(2 * windows)
                .shouldFailOnError(true).verbosity(VerboseMode.SILENT).build();
        List<IterationResult> rounds = new ArrayList<>(
                new Runner(options).runSingle().getBenchmarkResults().iterator().next().getIterationResults());
        System.out.print(Circumstances.here("none, our own encoder without sharing").text());
        System.out.printf("head     %d classes x 80 templates, ViT-B/32 text tower, %s, backend %s, %d threads%n%n",
                head.classes(), head.precision().label(), head.backend(), head.threads());
        print(prompts, rounds);
    }

    private static void print(HeadPrompts prompts, List<IterationResult> rounds) {
        double shared = 0;
        double unshared = 0;
        double computed = 0;
        double difference = 0;
        List<Double> ratios = new ArrayList<>();
        List<Double> control = new ArrayList<>();
        for (int i = 0; i < rounds.size(); i += 2) {
            double with = rounds.get(i).getPrimaryResult().getScore();
            double without = rounds.get(i + 1).getPrimaryResult().getScore();
            shared += with / 1e3;
            unshared += without / 1e3;
            ratios.add(without / with);
            computed += score(rounds.get(i), HeadProfiler.NODES);
            difference = Math.max(difference, score(rounds.get(i + 1), HeadProfiler.DIFFERENCE));
            control.add(score(rounds.get(i), HeadProfiler.CONTROL));
            control.add(score(rounds.get(i + 1), HeadProfiler.CONTROL));
        }
        double tokens = prompts.tokens();
        double possible = tokens / prompts.trieNodes();
        double ratio = unshared / shared;
        System.out.printf("prompts                 %9d%n", prompts.size());
        System.out.printf("tokens                  %9.0f%n", tokens);
        System.out.printf("trie nodes              %9d   tokens / trie nodes      %.2f%n", prompts.trieNodes(),
                possible);
        System.out.printf("nodes computed          %9.0f   tokens / nodes computed  %.2f%n", computed,
                tokens / computed);
        System.out.printf("seconds without sharing %9.1f%n", unshared);
        System.out.printf("seconds with sharing    %9.1f   without / with           %.2f   (windows: %.2f .. %.2f)%n",
                shared,
                ratio, Collections.min(ratios), Collections.max(ratios));
        System.out.printf("largest difference      %9.1e   of an embedding with and without, relative%n", difference);
        System.out.printf("%.0f %% of tokens / trie nodes, bar %.0f %%: %s; control kernel %.1f .. %.1f ms%n",
                100 * ratio / possible, 100 * BAR, ratio >= BAR * possible ? "holds" : "does not hold",
                Collections.min(control), Collections.max(control));
    }

    private static double score(IterationResult round, String label) {
        return round.getSecondaryResults().get(label).getScore();
    }
}
