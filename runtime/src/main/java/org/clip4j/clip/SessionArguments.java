package org.clip4j.clip;

import java.nio.FloatBuffer;
import org.clip4j.weights.ClipConfig;

/** Checks of what a session is called with. Allocates only when it throws. Stateless. */
final class SessionArguments {
    /** Sums that the processor works on at the same time. */
    private static final int SUMS = 4;

    private final int embedDim;
    private final int pixelsPerImage;
    private final int contextLength;
    private final int vocabSize;

    SessionArguments(ClipConfig config) {
        embedDim = config.embedDim();
        pixelsPerImage = 3 * config.vision().imageResolution() * config.vision().imageResolution();
        contextLength = config.text().contextLength();
        vocabSize = config.text().vocabSize();
    }

    /** Values of one preprocessed image. */
    int pixelsPerImage() {
        return pixelsPerImage;
    }

    void requireRoom(FloatBuffer out, int outIndex, int rows) {
        long needed = (long) rows * embedDim;
        if (rows < 0 || outIndex < 0 || outIndex + needed > out.limit()) {
            throw new IndexOutOfBoundsException("output buffer is too small: index=" + outIndex + " needed=" + needed
                    + " limit=" + out.limit() + " rows=" + rows + " embedDim=" + embedDim);
        }
    }

    void requirePixels(FloatBuffer pixels, int start, int images) {
        long needed = (long) images * pixelsPerImage;
        if (start < 0 || start + needed > pixels.limit()) {
            throw new IndexOutOfBoundsException("pixel buffer is too small: index=" + start + " needed=" + needed
                    + " limit=" + pixels.limit() + " images=" + images);
        }
    }

    /** Looks at every pixel; they are within the buffer. */
    void requireFinite(FloatBuffer pixels, int start, int images) {
        int count = images * pixelsPerImage;
        if (allFinite(pixels, start, count)) {
            return;
        }
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(pixels.get(start + i))) {
                throw new IllegalArgumentException("pixels must be finite: image=" + i / pixelsPerImage + " index="
                        + i % pixelsPerImage + " value=" + pixels.get(start + i));
            }
        }
    }

    /** Whether there is neither NaN nor infinity in some embeddings. */
    boolean isFinite(FloatBuffer embeddings, int start, int rows) {
        return allFinite(embeddings, start, rows * embedDim);
    }

    void requireFiniteEmbeddings(FloatBuffer embeddings, int start, int rows) {
        if (!isFinite(embeddings, start, rows)) {
            throw new IllegalArgumentException("embeddings are not finite: a pixel or a weight is not; embedPixels says"
                    + " which pixel, ClipModel.checkFinite which weight");
        }
    }

    private static boolean allFinite(FloatBuffer values, int start, int count) {
        // Infinity and NaN are the only values that, times zero, are not zero.
        float poison0 = 0;
        float poison1 = 0;
        float poison2 = 0;
        float poison3 = 0;
        int whole = count - count % SUMS;
        for (int i = start; i < start + whole; i += SUMS) {
            poison0 += values.get(i) * 0f;
            poison1 += values.get(i + 1) * 0f;
            poison2 += values.get(i + 2) * 0f;
            poison3 += values.get(i + 3) * 0f;
        }
        for (int i = start + whole; i < start + count; i++) {
            poison0 += values.get(i) * 0f;
        }
        return poison0 + poison1 + poison2 + poison3 == 0f;
    }

    void requireOffsets(int[] tokenIds, int[] textOffsets, int texts) {
        if (texts < 0 || textOffsets.length <= texts || textOffsets[0] != 0) {
            throw new IllegalArgumentException(
                    "offsets must start at 0 and be one more than the texts: offsets=" + textOffsets.length + " texts="
                            + texts + (textOffsets.length > 0 ? " first=" + textOffsets[0] : ""));
        }
        for (int text = 0; text < texts; text++) {
            if (textOffsets[text + 1] > tokenIds.length) {
                throw new IllegalArgumentException("offsets lead beyond the ids: text=" + text + " offset="
                        + textOffsets[text + 1] + " ids=" + tokenIds.length);
            }
            requireTokens(tokenIds, textOffsets[text], textOffsets[text + 1], text);
        }
    }

    void requireTokens(int[] tokenIds, int from, int to, int text) {
        if (to - from < 1 || to - from > contextLength) {
            throw new IllegalArgumentException("text has a wrong number of tokens: text=" + text + " tokens="
                    + (to - from) + " contextLength=" + contextLength);
        }
        for (int i = from; i < to; i++) {
            if (tokenIds[i] < 0 || tokenIds[i] >= vocabSize) {
                throw new IllegalArgumentException("token id is outside the vocabulary: text=" + text + " index="
                        + (i - from) + " id=" + tokenIds[i] + " vocabSize=" + vocabSize);
            }
        }
    }
}
