package org.clip4j.benchmarks.onnx;

import ai.onnxruntime.OrtEnvironment;
import java.nio.file.Path;
import java.util.Locale;
import org.clip4j.benchmarks.Encoder;
import org.clip4j.benchmarks.EncoderInput;
import org.clip4j.benchmarks.Peer;
import org.clip4j.benchmarks.onnx.OnnxGraphWriter.LinearForm;

/** ONNX Runtime's Java API, in {@code f32} and {@code int8}. */
public final class OnnxRuntimePeer implements Peer {
    @Override
    public String name() {
        return "onnxruntime";
    }

    @Override
    public String title() {
        return "ONNX Runtime";
    }

    @Override
    public String description() {
        return title() + " " + OrtEnvironment.getEnvironment().getVersion();
    }

    @Override
    public Encoder open(Path modelFile, EncoderInput input, String precision, int threads) {
        return OnnxRuntimeEncoder.open(modelFile, input, LinearForm.valueOf(precision.toUpperCase(Locale.ROOT)),
                threads);
    }
}
