package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.kernels.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Passes with as many nodes and as many texts are replayed with each other's recordings only where paths allow it. */
class RecordedTextsTest {
    private static final int TEXTS = 4;
    private static final int END = 999;

    @TempDir
    private Path folder;

    /** Texts that begin with the first ids, and go on with so many of their own. */
    private static int[][] texts(int sharing, int shared, int... own) {
        int[][] texts = new int[TEXTS][];
        for (int text = 0; text < TEXTS; text++) {
            int beginning = text < sharing ? shared : 0;
            texts[text] = new int[beginning + own[text]];
            for (int i = 0; i < texts[text].length; i++) {
                texts[text][i] = i < beginning ? i : 100 * (text + 1) + i;
            }
            texts[text][texts[text].length - 1] = END;
        }
        return texts;
    }

    private static float[] embed(ClipSession session, int[][] texts) {
        int[] ids = new int[texts.length * session.model().config().text().contextLength()];
        int[] offsets = new int[texts.length + 1];
        for (int text = 0; text < texts.length; text++) {
            System.arraycopy(texts[text], 0, ids, offsets[text], texts[text].length);
            offsets[text + 1] = offsets[text] + texts[text].length;
        }
        float[] out = new float[texts.length * session.model().embedDim()];
        long before = session.computedTextTokens();
        session.embedTokens(ids, offsets, texts.length, EmbeddingForm.RAW, FloatBuffer.wrap(out), 0);
        assertThat(session.computedTextTokens() - before).isEqualTo(28);
        return out;
    }

    @Test
    void shapesWithFewAndWithManySharedTokensAreToldApart() throws IOException {
        int[][] few = texts(2, 1, 7, 6, 7, 7); // 29 tokens in 28 nodes
        int[][] many = texts(TEXTS, 11, 5, 4, 4, 4); // 61 in as many
        try (ClipModel model = ClipModel.load(TinyModel.convert(folder),
                TestDevices.options("cuda/cuda").withPrecision(Precision.F32))) {
            float[] expectedOfFew;
            float[] expectedOfMany;
            try (ClipSession first = model.newSession(new SessionOptions(1, 4));
                    ClipSession second = model.newSession(new SessionOptions(1, 4))) {
                expectedOfFew = embed(first, few);
                expectedOfMany = embed(second, many);
            }
            try (ClipSession session = model.newSession(new SessionOptions(1, 16))) {
                for (int call = 0; call < 8; call++) {
                    boolean isMany = call % 4 == 3 || call == 6;
                    assertThat(embed(session, isMany ? many : few)).as("call=%d", call)
                            .isEqualTo(isMany ? expectedOfMany : expectedOfFew);
                }
            }
        }
    }
}
