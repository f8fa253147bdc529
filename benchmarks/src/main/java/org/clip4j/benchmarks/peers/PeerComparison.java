package org.clip4j.benchmarks.peers;

import ai.onnxruntime.OrtEnvironment;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clip4j.benchmarks.CallProfiler;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.benchmarks.PeerBenchmark;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.Options;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Runs {@link PeerBenchmark} alternating, a JMH fork per line, and prints the table. Arguments: {@code [--quick] [--json
 * FILE]}.
 */
public final class PeerComparison {
    private final boolean quick;

    private PeerComparison(boolean quick) {
        this.quick = quick;
    }

    /** A line to be measured. */
    private record Case(String input, int batch, int threads) {
        String what() {
            return "ViT-B/32 f32 " + input + " batch " + batch + ", " + threads
                    + (threads == 1 ? " thread" : " threads");
        }
    }

    /** Measures and prints; exits with 2 when the arguments make no sense. */
    public static void main(String[] args) throws IOException, RunnerException {
        boolean quick = false;
        Path json = null;
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--quick")) {
                quick = true;
            } else if (args[i].equals("--json") && i + 1 < args.length) {
                json = Path.of(args[++i]);
            } else {
                System.err.println("unknown argument: " + args[i] + "; usage: benchmarks/run peers [--quick]"
                        + " [--json FILE]");
                System.exit(2);
            }
        }
        Circumstances circumstances = Circumstances
                .here("ONNX Runtime " + OrtEnvironment.getEnvironment().getVersion());
        List<PeerRow> rows = new PeerComparison(quick).rows();
        System.out.print(PeerTable.text(circumstances, rows));
        if (json != null) {
            Files.writeString(json, PeerTable.json(circumstances, rows));
        }
    }

    private List<PeerRow> rows() throws RunnerException {
        List<Case> cases = new ArrayList<>();
        for (int threads : quick ? new int[]{2} : new int[]{1, 2}) {
            for (String input : List.of("image", "text77")) {
                for (int batch : new int[]{1, 16}) {
                    cases.add(new Case(input, batch, threads));
                }
            }
        }
        List<PeerRow> rows = new ArrayList<>();
        for (Case each : cases) {
            System.err.println("measuring " + (rows.size() + 1) + " of " + cases.size() + ": " + each.what());
            rows.add(measure(each));
        }
        return rows;
    }

    private PeerRow measure(Case each) throws RunnerException {
        int pairs = quick ? 3 : 8;
        Options options = new OptionsBuilder().include(PeerBenchmark.class.getName() + ".encode")
                .param("runtime", PeerBenchmark.ALTERNATING).param("input", each.input())
                .param("batch", Integer.toString(each.batch())).param("threads", Integer.toString(each.threads()))
                .addProfiler(CallProfiler.class).forks(1)
                .warmupIterations(4).warmupTime(seconds(each)).measurementIterations(2 * pairs)
                .measurementTime(seconds(each)).shouldFailOnError(true).verbosity(VerboseMode.SILENT).build();
        RunResult result = new Runner(options).runSingle();
        BenchmarkResult fork = result.getBenchmarkResults().iterator().next();
        return new PeerRounds(fork.getIterationResults()).row(each.what());
    }

    /** Long enough for several calls of a large batch. */
    private static TimeValue seconds(Case each) {
        return TimeValue.seconds(each.batch() == 1 ? 1 : 3);
    }
}
