package org.clip4j.benchmarks.gpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Tower;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.TextConfig;

/**
 * Images or texts of one length, all different, for batches up to a largest one. Reading is thread-safe; the output
 * buffer belongs to the one thread that measures.
 */
final class Input {
    /** One buffer of pixels: 1024 images of 336 pixels are 1.4 GB. */
    private static final long MOST_PIXEL_BYTES = 1_500_000_000;
    private static final long SEED = 20_210_226;

    private final String name;
    private final int largestBatch;
    private final FloatBuffer pixels;
    private final int[] ids;
    private final int[] offsets;
    private final int embedDim;
    private final FloatBuffer out;

    private Input(String name, int largestBatch, FloatBuffer pixels, int[] ids, int[] offsets, int embedDim) {
        this.name = name;
        this.largestBatch = largestBatch;
        this.pixels = pixels;
        this.ids = ids;
        this.offsets = offsets;
        this.embedDim = embedDim;
        this.out = direct((long) largestBatch * embedDim);
    }

    /** Pixels of mean 0 and deviation 1, as preprocessing leaves them. */
    static Input images(ClipConfig config, int batch) {
        int resolution = config.vision().imageResolution();
        int perImage = 3 * resolution * resolution;
        int largest = (int) Math.min(batch, MOST_PIXEL_BYTES / Float.BYTES / perImage);
        FloatBuffer pixels = direct((long) largest * perImage);
        Random random = new Random(SEED);
        while (pixels.hasRemaining()) {
            // Of deviation 1, and quicker than a normal distribution.
            pixels.put((random.nextFloat() - 0.5f) * 3.4641f);
        }
        return new Input("image", largest, pixels.flip(), null, null, config.embedDim());
    }

    /** Texts of equal length, start and end token included. */
    static Input texts(ClipConfig config, int tokens, int batch) {
        TextConfig text = config.text();
        int end = text.eotToken() == TextConfig.LARGEST_ID ? text.vocabSize() - 1 : text.eotToken();
        Random random = new Random(SEED);
        int[] ids = new int[batch * tokens];
        int[] offsets = new int[batch + 1];
        for (int i = 0; i < batch; i++) {
            for (int t = 0; t < tokens; t++) {
                int id = 1 + random.nextInt(Math.max(1, text.vocabSize() - 3));
                ids[i * tokens + t] = id == end ? 0 : id;
            }
            ids[i * tokens] = Math.max(0, text.vocabSize() - 2);
            ids[(i + 1) * tokens - 1] = end;
            offsets[i + 1] = (i + 1) * tokens;
        }
        return new Input("text" + tokens, batch, null, ids, offsets, config.embedDim());
    }

    private static FloatBuffer direct(long floats) {
        return ByteBuffer.allocateDirect(Math.toIntExact(floats * Float.BYTES)).order(ByteOrder.nativeOrder())
                .asFloatBuffer();
    }

    /** {@code image}, or {@code text} and the number of tokens. */
    String name() {
        return name;
    }

    int largestBatch() {
        return largestBatch;
    }

    Tower tower() {
        return pixels == null ? Tower.TEXT : Tower.IMAGE;
    }

    /** Just as large as a batch of this input asks for. */
    SessionOptions sessionOptions(int batch) {
        return pixels == null ? new SessionOptions(1, batch) : new SessionOptions(batch, 1);
    }

    /** Embeds the first so many; allocates nothing itself. */
    void embed(ClipSession session, int batch) {
        if (pixels == null) {
            session.embedTokens(ids, offsets, batch, EmbeddingForm.NORMALIZED, out, 0);
        } else {
            session.embedPixels(pixels, 0, batch, EmbeddingForm.NORMALIZED, out, 0);
        }
    }

    /** What the last call of {@link #embed} wrote first, [count,E]. */
    double[] embeddings(int count) {
        double[] values = new double[count * embedDim];
        Arrays.setAll(values, out::get);
        return values;
    }

    /** Overwrites what was written, so that an embedding that is not written again is seen. */
    void forgetEmbeddings() {
        for (int i = 0; i < out.capacity(); i++) {
            out.put(i, Float.NaN);
        }
    }

    /** The largest relative error of the first rows of what was written, against expected rows. */
    double error(double[] expected, int rows) {
        double[] actual = embeddings(rows);
        double worst = 0;
        for (int row = 0; row < rows; row++) {
            double differences = 0;
            double squares = 0;
            for (int i = row * embedDim; i < (row + 1) * embedDim; i++) {
                differences += (actual[i] - expected[i]) * (actual[i] - expected[i]);
                squares += expected[i] * expected[i];
            }
            double error = Math.sqrt(differences / squares);
            if (Double.isNaN(error)) {
                return error;
            }
            worst = Math.max(worst, error);
        }
        return worst;
    }
}
