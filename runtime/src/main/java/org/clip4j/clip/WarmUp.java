package org.clip4j.clip;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.util.Collections;
import org.clip4j.image.Image;
import org.clip4j.weights.TextConfig;

/** What {@link ClipSession#warmUp} does. Used once, by the session's thread. */
final class WarmUp {
    /** The start token, one word, the end token. */
    private static final int SHORTEST_TEXT = 3;
    /** Rounds in which Java compiled nothing: then what runs in each of them is compiled. */
    private static final int QUIET_ROUNDS = 20;
    /** Where calls take long, what Java does in them hardly shows, compiled or not. */
    private static final long MOST_NANOS = 2_000_000_000;

    private final ClipSession session;
    private final SessionOptions options;
    private final FloatBuffer out;

    WarmUp(ClipSession session, SessionOptions options) {
        this.session = session;
        this.options = options;
        this.out = FloatBuffer.allocate(
                Math.max(options.maxImages(), options.maxTexts()) * session.model().embedDim());
    }

    void run() {
        boolean images = session.model().towers().contains(Tower.IMAGE);
        boolean texts = session.model().towers().contains(Tower.TEXT);
        Image picture = images ? Preprocessing.picture() : null;
        if (images) {
            embed(picture, options.maxImages());
            embedPixels();
        }
        int contextLength = session.model().config().text().contextLength();
        if (texts) {
            embedTokens(options.maxTexts(), contextLength);
            for (int length = Math.min(SHORTEST_TEXT, contextLength); length <= contextLength; length++) {
                embedTokens(1, length);
            }
        }
        CompilationMXBean compiler = ManagementFactory.getCompilationMXBean(); // null where Java only interprets
        long begin = System.nanoTime();
        int quiet = compiler != null && compiler.isCompilationTimeMonitoringSupported() ? 0 : QUIET_ROUNDS;
        while (quiet < QUIET_ROUNDS && System.nanoTime() - begin < MOST_NANOS) {
            long before = compiler.getTotalCompilationTime();
            if (images) {
                embed(picture, 1);
                embedPixels();
            }
            if (texts) {
                embedTokens(1, Math.min(SHORTEST_TEXT, contextLength));
            }
            quiet = compiler.getTotalCompilationTime() == before ? quiet + 1 : 0;
        }
    }

    private void embed(Image picture, int images) {
        session.embedImages(Collections.nCopies(images, picture), EmbeddingForm.NORMALIZED, out, 0);
    }

    /** One image, of what {@link #embed} has left there. */
    private void embedPixels() {
        session.embedPixels(session.pixelBuffer(), 0, 1, EmbeddingForm.NORMALIZED, out, 0);
    }

    /** Texts that differ from the first word on, so that nothing is shared. */
    private void embedTokens(int texts, int length) {
        TextConfig config = session.model().config().text();
        int end = config.eotToken() == TextConfig.LARGEST_ID ? config.vocabSize() - 1 : config.eotToken();
        int[] ids = new int[texts * length];
        int[] offsets = new int[texts + 1];
        for (int text = 0; text < texts; text++) {
            for (int i = 0; i < length - 1; i++) {
                int word = (text + i) % Math.max(1, config.vocabSize() - 1);
                ids[offsets[text] + i] = word < end ? word : word + 1;
            }
            offsets[text + 1] = offsets[text] + length;
            ids[offsets[text + 1] - 1] = end;
        }
        session.embedTokens(ids, offsets, texts, EmbeddingForm.NORMALIZED, out, 0);
    }
}
