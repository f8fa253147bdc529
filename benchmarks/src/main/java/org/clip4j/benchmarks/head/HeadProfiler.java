package org.clip4j.benchmarks.head;

import java.util.Collection;
import java.util.List;
import org.clip4j.benchmarks.AnswerCheck;
import org.clip4j.benchmarks.ControlKernel;
import org.clip4j.clip.ClipSession;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Adds to each iteration the tokens of its prompts, those that were computed, and how long the {@link ControlKernel}
 * took on as many threads just after it. One benchmark thread per process.
 */
public final class HeadProfiler implements InternalProfiler {
    static final String TOKENS = "head.tokens";
    static final String NODES = "head.nodes";
    static final String CONTROL = "control.ms";
    static final String DIFFERENCE = "head.difference";

    private static ClipSession session;
    private static long tokensBefore;
    private static long nodesBefore;
    private static double difference;

    /** Counts from here. */
    static void start(ClipSession next) {
        session = next;
        tokensBefore = next.textTokens();
        nodesBefore = next.computedTextTokens();
    }

    /** Notes how far the embeddings of both were apart last, as {@link AnswerCheck} counts it. */
    static void difference(double last) {
        difference = last;
    }

    @Override
    public String getDescription() {
        return "tokens and nodes of a zero-shot head, and a control kernel beside each iteration";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmarkParams, IterationParams iterationParams) {}

    @Override
    public Collection<? extends Result<?>> afterIteration(BenchmarkParams benchmarkParams,
            IterationParams iterationParams, IterationResult result) {
        int threads = Integer.parseInt(benchmarkParams.getParam("threads"));
        return List.of(scalar(TOKENS, (double) (session.textTokens() - tokensBefore), "tokens"),
                scalar(NODES, (double) (session.computedTextTokens() - nodesBefore), "nodes"),
                scalar(CONTROL, ControlKernel.millis(threads), "ms"),
                scalar(DIFFERENCE, difference, "relative"));
    }

    private static ScalarResult scalar(String label, double value, String unit) {
        return new ScalarResult(label, value, unit, AggregationPolicy.SUM);
    }
}
