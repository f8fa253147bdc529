package org.clip4j.benchmarks;

import java.nio.FloatBuffer;
import java.util.concurrent.TimeUnit;
import org.clip4j.benchmarks.onnx.OnnxRuntimeEncoder;
import org.clip4j.clip.LoadOptions;
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
 * How do we compare with ONNX Runtime on the same weights and inputs? With {@code runtime=alternating} both are loaded
 * and take turns, an iteration each, so that a neighbour who comes and goes slows both; the mean over iterations then
 * says nothing, and {@code benchmarks/run peers} takes them apart.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class PeerBenchmark {
    /** Value of {@link #runtime}: our own. */
    public static final String CLIP4J = "clip4j";
    /** Value of {@link #runtime}: ONNX Runtime. */
    public static final String ONNX_RUNTIME = "onnxruntime";
    /** Value of {@link #runtime}: {@link #CLIP4J} in even iterations, {@link #ONNX_RUNTIME} in odd ones. */
    public static final String ALTERNATING = "alternating";

    /** Who runs. */
    @Param({CLIP4J, ONNX_RUNTIME})
    public String runtime;

    /** {@code image}, or {@code text} and a number of tokens. */
    @Param({"image", "text77"})
    public String input;

    /** Images or texts per call. */
    @Param({"1", "16"})
    public int batch;

    /** Threads of a call. */
    @Param({"1", "2"})
    public int threads;

    private Encoder ours;
    private Encoder theirs;
    private Encoder current;

    /** Loads and checks. */
    @Setup
    public void open() {
        EncoderInput fed = input.equals("image")
                ? VitB32.images(batch)
                : VitB32.texts(Integer.parseInt(input.substring("text".length())), batch);
        if (!runtime.equals(ONNX_RUNTIME)) {
            ours = Clip4jEncoder.open(VitB32.modelFile(), fed, LoadOptions.defaults().withThreads(threads));
            fed.check(ours);
        }
        if (!runtime.equals(CLIP4J)) {
            theirs = OnnxRuntimeEncoder.open(VitB32.modelFile(), fed, threads);
            fed.check(theirs);
        }
    }

    /** Hands the turn over. */
    @Setup(Level.Iteration)
    public void nextTurn() {
        boolean oursNext = theirs == null || (ours != null && current != ours);
        current = oursNext ? ours : theirs;
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
