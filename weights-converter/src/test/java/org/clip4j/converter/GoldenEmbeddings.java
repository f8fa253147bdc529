package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.testing.Goldens;

/** Runs golden inputs through a model and judges the rows as the goldens' description says: by relative error. */
final class GoldenEmbeddings {
    private GoldenEmbeddings() {}

    /** Raw image embeddings [images, E] of pixels [images, 3, R, R]. */
    static float[] images(ClipModel model, FloatBuffer pixels, int images) {
        try (ClipSession session = model.newSession()) {
            return images(session, pixels, images);
        }
    }

    /** The same in a session that may have run before. */
    static float[] images(ClipSession session, FloatBuffer pixels, int images) {
        float[] out = new float[images * session.model().embedDim()];
        session.embedPixels(pixels, 0, images, EmbeddingForm.RAW, FloatBuffer.wrap(out), 0);
        return out;
    }

    /** Raw text embeddings [texts, E] of padded token rows [texts, contextLength]. */
    static float[] texts(ClipModel model, int[] padded, int texts) {
        try (ClipSession session = model.newSession()) {
            return texts(session, padded, texts);
        }
    }

    /** The same in a session that may have run before. */
    static float[] texts(ClipSession session, int[] padded, int texts) {
        int contextLength = padded.length / texts;
        int[] ids = new int[padded.length];
        int[] offsets = new int[texts + 1];
        for (int text = 0; text < texts; text++) {
            int[] row = Arrays.copyOfRange(padded, text * contextLength, (text + 1) * contextLength);
            int last = contextLength;
            while (last > 1 && row[last - 1] == 0) {
                last--;
            }
            System.arraycopy(row, 0, ids, offsets[text], last);
            offsets[text + 1] = offsets[text] + last;
        }
        float[] out = new float[texts * session.model().embedDim()];
        session.embedTokens(ids, offsets, texts, EmbeddingForm.RAW, FloatBuffer.wrap(out), 0);
        return out;
    }

    static FloatBuffer direct(float[] values) {
        FloatBuffer buffer = newBuffer(values.length);
        buffer.put(0, values);
        return buffer;
    }

    static FloatBuffer newBuffer(int floats) {
        return ByteBuffer.allocateDirect(floats * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }

    /** Fails when the relative error of any row, ||actual - expected|| / ||expected||, is not below the limit. */
    static void assertRows(String what, float[] actual, Goldens goldens, String array, double limit) {
        double[] expected = goldens.doubles(array);
        int rows = goldens.shape(array)[0];
        int width = goldens.shape(array)[1];
        assertThat(actual).as(what).hasSize(expected.length);
        double worst = 0;
        int worstRow = -1;
        for (int row = 0; row < rows; row++) {
            double difference = 0;
            double norm = 0;
            for (int i = row * width; i < (row + 1) * width; i++) {
                difference += (actual[i] - expected[i]) * (actual[i] - expected[i]);
                norm += expected[i] * expected[i];
            }
            double error = Math.sqrt(difference / norm);
            if (!(error <= worst)) {
                worst = error;
                worstRow = row;
            }
        }
        System.out.printf("%s: worst relative error %.2e in row %d, limit %.0e%n", what, worst, worstRow, limit);
        assertThat(worst).as("%s: relative error of row %d", what, worstRow).isLessThan(limit);
    }

    /** Fails when the cosine between any row and the expected one is below the least one allowed. */
    static void assertCosines(String what, float[] actual, Goldens goldens, String array, double least) {
        double[] expected = goldens.doubles(array);
        int rows = goldens.shape(array)[0];
        int width = goldens.shape(array)[1];
        assertThat(actual).as(what).hasSize(expected.length);
        double worst = 1;
        int worstRow = -1;
        for (int row = 0; row < rows; row++) {
            double product = 0;
            double actualSquare = 0;
            double expectedSquare = 0;
            for (int i = row * width; i < (row + 1) * width; i++) {
                product += actual[i] * expected[i];
                actualSquare += (double) actual[i] * actual[i];
                expectedSquare += expected[i] * expected[i];
            }
            double cosine = product / Math.sqrt(actualSquare * expectedSquare);
            if (!(cosine >= worst)) {
                worst = cosine;
                worstRow = row;
            }
        }
        System.out.printf("%s: least cosine %.7f in row %d, at least %.4f%n", what, worst, worstRow, least);
        assertThat(worst).as("%s: cosine of row %d", what, worstRow).isGreaterThanOrEqualTo(least);
    }
}
