package org.clip4j.benchmarks.djl;

import java.nio.file.Path;
import org.clip4j.benchmarks.Encoder;
import org.clip4j.benchmarks.EncoderInput;
import org.clip4j.benchmarks.Peer;
import org.clip4j.kernels.DType;

/** DJL on PyTorch, image towers in {@code f32} and {@code bf16}. */
public final class DjlPeer implements Peer {
    @Override
    public String name() {
        return "djl";
    }

    @Override
    public String title() {
        return "DJL";
    }

    @Override
    public String description() {
        return DjlEngine.description();
    }

    @Override
    public Encoder open(Path modelFile, EncoderInput input, String precision, int threads) {
        DType dtype = switch (precision) {
            case "f32" -> DType.F32;
            case "bf16" -> DType.BF16;
            default -> throw new IllegalArgumentException("DJL is measured in f32 and bf16: actual=" + precision);
        };
        return DjlEncoder.open(modelFile, input, dtype, threads);
    }
}
