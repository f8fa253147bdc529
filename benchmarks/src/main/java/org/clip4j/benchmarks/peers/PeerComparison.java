package org.clip4j.benchmarks.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.clip4j.benchmarks.CallProfiler;
import org.clip4j.benchmarks.Circumstances;
import org.clip4j.benchmarks.Peer;
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
 * Runs {@link PeerBenchmark} alternating, a JMH fork per line, and prints the table. Arguments: {@code [--quick] [--peer
 * NAME] [--json FILE]}.
 */
public final class PeerComparison {
    private final boolean quick;
    private final List<Peer> peers;

    private PeerComparison(boolean quick, List<Peer> peers) {
        this.quick = quick;
        this.peers = peers;
    }

    /**
     * A line to be measured.
     *
     * @param bar the least speed-up, or 0
     */
    private record Case(String input, String precision, Peer peer, String theirInput, String theirPrecision, int batch,
            int threads, double bar) {
        String what() {
            String same = theirInput.equals("same") ? "" : " of " + theirInput;
            String count = threads == 1 ? "1 thread" : threads + " threads";
            return precision + " " + input + " batch " + batch + " / " + peer.title() + " " + theirPrecision + same
                    + ", " + count;
        }
    }

    /** Measures and prints; exits with 2 when the arguments make no sense. */
    public static void main(String[] args) throws IOException, RunnerException {
        boolean quick = false;
        List<Peer> peers = Peer.all();
        Path json = null;
        for (int i = 0; i < args.length; i++) {
            if (args[i].equals("--quick")) {
                quick = true;
            } else if (args[i].equals("--json") && i + 1 < args.length) {
                json = Path.of(args[++i]);
            } else if (args[i].equals("--peer") && i + 1 < args.length && Peer.named(args[i + 1]).isPresent()) {
                peers = List.of(Peer.named(args[++i]).get());
            } else {
                System.err.println("unknown argument: " + args[i] + "; usage: benchmarks/run peers [--quick]"
                        + " [--peer " + Peer.all().stream().map(Peer::name).collect(Collectors.joining("|"))
                        + "] [--json FILE]");
                System.exit(2);
            }
        }
        Circumstances circumstances = Circumstances
                .here(peers.stream().map(Peer::description).collect(Collectors.joining(", ")));
        List<PeerRow> rows = new PeerComparison(quick, peers).rows();
        System.out.print(PeerTable.text(circumstances, rows));
        if (json != null) {
            Files.writeString(json, PeerTable.json(circumstances, rows));
        }
    }

    private List<PeerRow> rows() throws RunnerException {
        List<Case> cases = cases();
        List<PeerRow> rows = new ArrayList<>();
        for (Case each : cases) {
            System.err.println("measuring " + (rows.size() + 1) + " of " + cases.size() + ": " + each.what());
            rows.add(measure(each));
        }
        return rows;
    }

    private List<Case> cases() {
        List<Case> cases = new ArrayList<>();
        for (Peer peer : peers) {
            switch (peer.name()) {
                case "onnxruntime" -> besideOnnxRuntime(peer, cases);
                case "djl" -> besideDjl(peer, cases);
                default -> throw new IllegalStateException("there are no lines for this peer: name=" + peer.name());
            }
        }
        return cases;
    }

    private void besideOnnxRuntime(Peer peer, List<Case> cases) {
        cases.add(new Case("image", "f32", peer, "same", "f32", 1, 2, 1.35));
        cases.add(new Case("image", "f32", peer, "same", "f32", 16, 2, 1.3));
        cases.add(new Case("image", "bf16", peer, "same", "f32", 1, 2, 4.5));
        cases.add(new Case("image", "bf16", peer, "same", "f32", 16, 2, 5.5));
        cases.add(new Case("image", "int8", peer, "same", "int8", 1, 2, 3));
        cases.add(new Case("image", "int8", peer, "same", "int8", 16, 2, 2.7));
        cases.add(new Case("text8", "bf16", peer, "text77", "f32", 1, 2, 15));
        cases.add(new Case("text8", "bf16", peer, "same", "f32", 1, 2, 3));
        cases.add(new Case("text8", "int8", peer, "text77", "int8", 1, 2, 14));
        cases.add(new Case("text8", "int8", peer, "same", "int8", 1, 2, 3));
        cases.add(new Case("text77", "f32", peer, "same", "f32", 1, 2, 0));
        cases.add(new Case("text77", "f32", peer, "same", "f32", 16, 2, 0));
        if (!quick) {
            for (String input : List.of("image", "text77")) {
                for (int batch : new int[]{1, 16}) {
                    cases.add(new Case(input, "f32", peer, "same", "f32", batch, 1, 0));
                }
            }
        }
    }

    private void besideDjl(Peer peer, List<Case> cases) {
        cases.add(new Case("image", "f32", peer, "same", "f32", 1, 2, 0));
        cases.add(new Case("image", "f32", peer, "same", "f32", 16, 2, 0));
        cases.add(new Case("image", "bf16", peer, "same", "bf16", 1, 2, 3.5));
        cases.add(new Case("image", "bf16", peer, "same", "bf16", 16, 2, 3));
        if (!quick) {
            cases.add(new Case("image", "f32", peer, "same", "f32", 1, 1, 0));
            cases.add(new Case("image", "bf16", peer, "same", "bf16", 1, 1, 0));
        }
    }

    private PeerRow measure(Case each) throws RunnerException {
        int pairs = quick ? 3 : 8;
        Options options = new OptionsBuilder().include(PeerBenchmark.class.getName() + ".encode")
                .param("runtime", PeerBenchmark.inTurns(each.peer())).param("input", each.input())
                .param("precision", each.precision())
                .param("theirInput", each.theirInput()).param("theirPrecision", each.theirPrecision())
                .param("batch", Integer.toString(each.batch())).param("threads", Integer.toString(each.threads()))
                .addProfiler(CallProfiler.class).forks(1)
                .warmupIterations(4).warmupTime(seconds(each)).measurementIterations(2 * pairs)
                .measurementTime(seconds(each)).shouldFailOnError(true).verbosity(VerboseMode.SILENT).build();
        RunResult result = new Runner(options).runSingle();
        BenchmarkResult fork = result.getBenchmarkResults().iterator().next();
        return new PeerRounds(fork.getIterationResults()).row(each.what(), each.bar());
    }

    /** Long enough for several calls of a large batch. */
    private static TimeValue seconds(Case each) {
        return TimeValue.seconds(each.batch() == 1 ? 1 : 3);
    }
}
