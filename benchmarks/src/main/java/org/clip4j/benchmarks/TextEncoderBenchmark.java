package org.clip4j.benchmarks;

import java.nio.FloatBuffer;
import java.util.concurrent.TimeUnit;
import org.clip4j.clip.LoadOptions;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/** How long does it take to embed token ids with ViT-B/32's text tower into the caller's buffer? */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SampleTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class TextEncoderBenchmark {
    @Param({"onednn", "openblas", "java"})
    String backend;

    @Param({"1", "2"})
    int threads;

    @Param({"8", "77"})
    int tokens;

    @Param({"1", "16"})
    int batch;

    private Encoder encoder;

    @Setup
    public void open() {
        EncoderInput input = VitB32.texts(tokens, batch);
        encoder = Clip4jEncoder.open(VitB32.modelFile(), input,
                LoadOptions.defaults().withBackend(backend).withThreads(threads));
        input.check(encoder);
    }

    @Benchmark
    public FloatBuffer encode() {
        return CallMeter.encode(encoder);
    }

    @TearDown
    public void close() {
        encoder.close();
    }
}
