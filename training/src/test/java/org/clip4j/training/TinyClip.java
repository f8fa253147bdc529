package org.clip4j.training;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import org.clip4j.kernels.Activation;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.PreprocessSpec;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/** A model small enough for finite differences, and pairs for it. */
final class TinyClip {
    static final int RESOLUTION = 8;
    static final int CONTEXT_LENGTH = 7;
    private static final int VOCABULARY = 11;

    private TinyClip() {}

    /** Different sizes in both towers, so that a mix-up is seen. */
    static ClipConfig config(int eotToken) {
        return new ClipConfig(5,
                new VisionConfig.Transformer(RESOLUTION, 4, 8, 2, 2, 12, Activation.GELU),
                new TextConfig(CONTEXT_LENGTH, VOCABULARY, 6, 2, 3, 24, Activation.QUICK_GELU, eotToken),
                new PreprocessSpec(RESOLUTION, List.of(0.5f, 0.4f, 0.3f), List.of(0.25f, 0.3f, 0.2f)));
    }

    /** Random pictures and texts of different lengths, with something behind the end token. */
    static PairSource source(long seed) {
        return (first, count, into) -> {
            for (long position = first; position < first + count; position++) {
                Random random = new Random(seed * 1_000_003 + position);
                byte[] picture = new byte[3 * RESOLUTION * RESOLUTION];
                random.nextBytes(picture);
                int[] ids = new int[CONTEXT_LENGTH];
                int length = 2 + (int) (position % (CONTEXT_LENGTH - 1));
                for (int i = 1; i < length - 1; i++) {
                    ids[i] = 1 + random.nextInt(VOCABULARY - 2);
                }
                ids[length - 1] = VOCABULARY - 1;
                into.add(ByteBuffer.wrap(picture), ids, position % 2 == 0 ? length : CONTEXT_LENGTH);
            }
        };
    }

    static PairBatch batch(int pairs, long seed) throws IOException {
        PairBatch batch = new PairBatch(pairs, RESOLUTION, CONTEXT_LENGTH);
        source(seed).read(0, pairs, batch);
        return batch;
    }
}
