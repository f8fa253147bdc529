package org.clip4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Tower;

/**
 * Our own runtime: a session of the input's size, and a direct output buffer of the caller's. The texts of an input may
 * be copies of one, so the session computes each of them.
 */
public final class Clip4jEncoder implements Encoder {
    private final ClipModel model;
    private final SessionEncoder encoder;

    private Clip4jEncoder(ClipModel model, EncoderInput input) {
        this.model = model;
        this.encoder = new SessionEncoder(
                model.newSession(new SessionOptions(input.batch(), input.batch()).withSharedPrefixes(false)), input);
    }

    /** Loads the tower that the input needs. */
    public static Clip4jEncoder open(Path modelFile, EncoderInput input, LoadOptions options) {
        try {
            return new Clip4jEncoder(
                    ClipModel.load(modelFile, options.withTowers(input.isText() ? Tower.TEXT : Tower.IMAGE)), input);
        } catch (IOException e) {
            throw new UncheckedIOException("model cannot be loaded: file=" + modelFile, e);
        }
    }

    @Override
    public void encode() {
        encoder.encode();
    }

    @Override
    public FloatBuffer embeddings() {
        return encoder.embeddings();
    }

    @Override
    public void close() {
        model.close();
    }
}
