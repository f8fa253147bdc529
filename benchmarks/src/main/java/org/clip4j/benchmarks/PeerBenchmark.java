package org.clip4j.benchmarks;

import java.nio.FloatBuffer;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.clip4j.clip.LoadOptions;
import org.clip4j.kernels.Precision;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How do we compare with a {@link Peer} on the same weights and inputs? With {@code runtime=clip4j+onnxruntime} both are
 * loaded and take turns, an iteration each, so that a neighbour who comes and goes slows both; the mean over iterations
 * then says nothing, and {@code benchmarks/run peers} takes them apart.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class PeerBenchmark {
    /** Value of {@link #runtime}: our own. */
    public static final String CLIP4J = "clip4j";

    /** Far enough from the right answer to tell it from a wrong one. */
    private static final Map<String, Double> LEAST_COSINES_OF_PEERS = Map.of("int8", 0.9, "bf16", 0.99, "f32",
            1 - AnswerCheck.F32_LIMIT);

    /** Who runs: {@link #CLIP4J}, the name of a {@link Peer}, or {@link #inTurns both}. */
    @Param({CLIP4J, "onnxruntime"})
    public String runtime;

    /** {@code image}, or {@code text} and a number of tokens. */
    @Param({"image", "text77"})
    public String input;

    /** What theirs is fed with; {@code same} as ours, or another text. */
    @Param("same")
    public String theirInput;

    /** Ours: {@code f32}, {@code bf16} or {@code int8}. */
    @Param("f32")
    public String precision;

    /** Theirs: {@code f32} or {@code int8} of ONNX Runtime, {@code f32} or {@code bf16} of DJL. */
    @Param("f32")
    public String theirPrecision;

    /** Images or texts per call. */
    @Param({"1", "16"})
    public int batch;

    /** Threads of a call. */
    @Param({"1", "2"})
    public int threads;

    private Encoder ours;
    private Encoder theirs;
    private Encoder current;
    private double ourCosine;
    private double theirCosine;

    /** Value of {@link #runtime}: {@link #CLIP4J} in even iterations, that peer in odd ones. */
    public static String inTurns(Peer peer) {
        return CLIP4J + "+" + peer.name();
    }

    /** Loads and checks. */
    @Setup
    public void open() {
        EncoderInput fed = input(input);
        String peerName = runtime.startsWith(CLIP4J + "+") ? runtime.substring(CLIP4J.length() + 1) : runtime;
        if (runtime.startsWith(CLIP4J)) {
            Precision own = Precision.valueOf(precision.toUpperCase(Locale.ROOT));
            ours = Clip4jEncoder.open(VitB32.modelFile(), fed,
                    LoadOptions.defaults().withThreads(threads).withPrecision(own));
            ourCosine = fed.check(ours, own);
        }
        if (!runtime.equals(CLIP4J)) {
            Peer peer = Peer.named(peerName).orElseThrow(() -> new IllegalArgumentException(
                    "there is no such peer on the class path: name=" + peerName));
            EncoderInput theirFed = theirInput.equals("same") ? fed : input(theirInput);
            theirs = peer.open(VitB32.modelFile(), theirFed, theirPrecision, threads);
            if (theirPrecision.equals("f32")) {
                theirFed.check(theirs);
            }
            theirCosine = theirFed.check(theirs, LEAST_COSINES_OF_PEERS.get(theirPrecision));
        }
    }

    private EncoderInput input(String name) {
        return name.equals("image")
                ? VitB32.images(batch)
                : VitB32.texts(Integer.parseInt(name.substring("text".length())), batch);
    }

    /** Hands the turn over. */
    @Setup(Level.Iteration)
    public void nextTurn() {
        boolean oursNext = theirs == null || (ours != null && current != ours);
        current = oursNext ? ours : theirs;
        CallMeter.cosine(oursNext ? ourCosine : theirCosine);
    }

    /** One call. */
    @Benchmark
    public FloatBuffer encode() {
        return CallMeter.encode(current);
    }

    /** Closes both. */
    @TearDown
    public void close() {
        if (ours != null) {
            ours.close();
        }
        if (theirs != null) {
            theirs.close();
        }
    }
}
