package org.clip4j.benchmarks;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;

/** One input, embedded by a session that is not closed here, into a direct buffer of the caller's. */
public final class SessionEncoder implements Encoder {
    private final ClipSession session;
    private final EncoderInput input;
    private final int[] offsets;
    private final FloatBuffer embeddings;

    /** The session has room for the input. */
    public SessionEncoder(ClipSession session, EncoderInput input) {
        this.session = session;
        this.input = input;
        this.offsets = input.isText() ? input.offsets() : null;
        this.embeddings = ByteBuffer.allocateDirect(input.batch() * input.embedDim() * Float.BYTES)
                .order(ByteOrder.nativeOrder()).asFloatBuffer();
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
        // The session is whoever opened it's.
    }
}
