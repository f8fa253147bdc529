package org.clip4j.benchmarks;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.profile.InternalProfiler;
import org.openjdk.jmh.results.AggregationPolicy;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.ScalarResult;

/**
 * Adds to each iteration what {@link CallMeter} counted, how long the {@link ControlKernel} took on as many threads just
 * after it, and whose turn it was. Give it to JMH as {@code -prof org.clip4j.benchmarks.CallProfiler}.
 */
public final class CallProfiler implements InternalProfiler {
    /** Label: bytes that a call allocates on the Java heap, on the caller's thread. */
    public static final String BYTES = "call.bytes";
    /** Label: the least cosine with the right answer of whoever was called. */
    public static final String COSINE = "call.cosine";
    /** Label: milliseconds of the control kernel. */
    public static final String CONTROL = "control.ms";

    @Override
    public String getDescription() {
        return "bytes allocated per call, and a control kernel beside each iteration";
    }

    @Override
    public void beforeIteration(BenchmarkParams benchmarkParams, IterationParams iterationParams) {
        CallMeter.reset();
    }

    @Override
    public Collection<? extends Result<?>> afterIteration(BenchmarkParams benchmarkParams,
            IterationParams iterationParams, IterationResult result) {
        if (CallMeter.calls() == 0) {
            return List.of();
        }
        String threads = benchmarkParams.getParam("threads");
        double controlMillis = ControlKernel.millis(threads == null ? 1 : Integer.parseInt(threads));
        List<ScalarResult> results = new ArrayList<>();
        results.add(new ScalarResult(BYTES, CallMeter.bytesPerCall(), "B", AggregationPolicy.MAX));
        results.add(new ScalarResult(CONTROL, controlMillis, "ms", AggregationPolicy.AVG));
        if (!Double.isNaN(CallMeter.cosine())) {
            results.add(new ScalarResult(COSINE, CallMeter.cosine(), "", AggregationPolicy.AVG));
        }
        return results;
    }
}
