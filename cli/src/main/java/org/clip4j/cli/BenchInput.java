package org.clip4j.cli;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.TextConfig;

/**
 * What is embedded: images whose pixels are ready, or texts of one length that are tokens already. Items are made of
 * random numbers and differ, so that no two texts share more than their start token; the first items of a larger batch
 * are those of a smaller one. Immutable.
 */
final class BenchInput {
    /** A caption of a few words, start and end token included. */
    private static final int SHORT_TEXT = 8;
    private static final long SEED = 20_210_226;
    private static final int IMAGE = 0;

    private final ClipConfig config;
    private final int tokens; // IMAGE, or of each text

    private BenchInput(ClipConfig config, int tokens) {
        this.config = config;
        this.tokens = tokens;
    }

    /** Images, texts that fill the context, and short ones where the context has room for longer ones. */
    static List<BenchInput> all(ClipConfig config) {
        int contextLength = config.text().contextLength();
        List<BenchInput> all = new ArrayList<>();
        all.add(new BenchInput(config, IMAGE));
        all.add(new BenchInput(config, contextLength));
        if (contextLength > SHORT_TEXT) {
            all.add(new BenchInput(config, SHORT_TEXT));
        }
        return all;
    }

    /** For people and as a key: {@code image}, {@code text77}. */
    String name() {
        return tokens == IMAGE ? "image" : "text" + tokens;
    }

    /** Just as large as a batch of this input asks for. */
    SessionOptions sessionOptions(int batch) {
        return tokens == IMAGE ? new SessionOptions(batch, 1) : new SessionOptions(1, batch);
    }

    /**
     * A call that embeds one batch, and allocates nothing itself.
     *
     * @param session of {@link #sessionOptions}; the call is for its thread
     * @param out receives [batch,E]
     */
    Runnable call(ClipSession session, int batch, FloatBuffer out) {
        if (tokens == IMAGE) {
            FloatBuffer pixels = session.pixelBuffer();
            fill(pixels, batch);
            return () -> session.embedPixels(pixels, 0, batch, EmbeddingForm.NORMALIZED, out, 0);
        }
        int[] ids = ids(batch);
        int[] offsets = new int[batch + 1];
        for (int i = 0; i < offsets.length; i++) {
            offsets[i] = i * tokens;
        }
        return () -> session.embedTokens(ids, offsets, batch, EmbeddingForm.NORMALIZED, out, 0);
    }

    private void fill(FloatBuffer pixels, int batch) {
        int resolution = config.vision().imageResolution();
        int count = batch * 3 * resolution * resolution;
        Random random = new Random(SEED);
        for (int i = 0; i < count; i++) {
            // sqrt(12): mean 0 and deviation 1, as preprocessing leaves them.
            pixels.put(i, (random.nextFloat() - 0.5f) * 3.4641016f);
        }
    }

    private int[] ids(int batch) {
        TextConfig text = config.text();
        int end = text.eotToken() == TextConfig.LARGEST_ID ? text.vocabSize() - 1 : text.eotToken();
        // All ids but those of start and end.
        int words = Math.max(1, text.vocabSize() - 2);
        Random random = new Random(SEED);
        int[] ids = new int[batch * tokens];
        for (int i = 0; i < batch; i++) {
            int first = i * tokens;
            for (int t = 1; t < tokens - 1; t++) {
                ids[first + t] = otherThan(end, t == 1 ? i % words : random.nextInt(words));
            }
            ids[first] = otherThan(end, words);
            ids[first + tokens - 1] = end;
        }
        return ids;
    }

    /** The n-th id, one left out. */
    private static int otherThan(int end, int n) {
        return n < end ? n : n + 1;
    }
}
