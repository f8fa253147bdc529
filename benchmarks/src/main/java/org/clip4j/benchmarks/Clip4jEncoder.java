package org.clip4j.benchmarks;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.TextSharing;
import org.clip4j.clip.Tower;

/**
 * Our own runtime: a session of the input's size, and a direct output buffer of the caller's. The texts of an input may
 * be copies of one, so the session computes each of them.
 */
public final class Clip4jEncoder implements Encoder {
    private final EncoderInput input;
    private final int[] offsets;
    private final ClipModel model;
    private final ClipSession session;
    private final FloatBuffer embeddings;

    private Clip4jEncoder(ClipModel model, EncoderInput input) {
        this.input = input;
        this.offsets = input.isText() ? input.offsets() : null;
        this.model = model;
        this.session = TextSharing.unshared(model, new SessionOptions(input.batch(), input.batch()));
        this.embeddings = ByteBuffer.allocateDirect(input.batch() * model.embedDim() * Float.BYTES)
                .order(ByteOrder.nativeOrder()).asFloatBuffer();
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
        if (input.isText()) {
            session.embedTokens(input.ids(), offsets, input.batch(), EmbeddingForm.RAW, embeddings, 0);
        } else {
            session.embedPixels(input.pixels(), 0, input.batch(), EmbeddingForm.RAW, embeddings, 0);
        }
    }

    @Override
    public FloatBuffer embeddings() {
        return embeddings;
    }

    @Override
    public void close() {
        model.close();
    }
}
