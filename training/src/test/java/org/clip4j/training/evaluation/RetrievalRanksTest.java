package org.clip4j.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetrievalRanksTest {

    /** Sizes around a tile of 1024. */
    @ParameterizedTest
    @CsvSource({"1,3,2", "7,5,1", "1023,17,2", "1024,8,2", "1100,16,3"})
    void equalsADirectComputation(int count, int embedDim, int threads) {
        Random random = new Random(count);
        float[] images = unit(random, count, embedDim);
        float[] texts = unit(random, count, embedDim);
        for (int i = 0; i < count * embedDim; i++) {
            texts[i] += images[i];
        }
        // Some captions stand twice, and some pictures.
        for (int i = 0; i + 13 < count; i += 13) {
            System.arraycopy(texts, i * embedDim, texts, (i + 13) * embedDim, embedDim);
            System.arraycopy(images, (i + 5) * embedDim, images, (i + 7) * embedDim, embedDim);
        }
        normalize(texts, count, embedDim);
        RetrievalRanks ranks = ranks(images, texts, count, embedDim, threads);
        int[] ofTexts = new int[count];
        int[] ofImages = new int[count];
        for (int i = 0; i < count; i++) {
            double own = Scores.dot(images, i, texts, i, embedDim);
            for (int j = 0; j < count; j++) {
                ofTexts[i] += j != i && Scores.dot(images, i, texts, j, embedDim) >= own ? 1 : 0;
                ofImages[i] += j != i && Scores.dot(images, j, texts, i, embedDim) >= own ? 1 : 0;
            }
        }
        assertThat(ranks.ofTexts()).isEqualTo(ofTexts);
        assertThat(ranks.ofImages()).isEqualTo(ofImages);
    }

    @Test
    void aModelThatTellsNothingApartGetsNothingRight() {
        float[] same = new float[50 * 4];
        Arrays.fill(same, 0.5f);
        RetrievalRanks ranks = ranks(same, same, 50, 4, 1);
        assertThat(ranks.ofTexts()).containsOnly(49);
        assertThat(ranks.ofImages()).containsOnly(49);
    }

    @Test
    void directionsAreNotMixedUp() {
        // Picture 0 fits both captions better than picture 1 does; each picture fits its own caption best.
        float[] images = {1, 0, 0.6f, 0.8f};
        float[] texts = {1, 0, 0.8f, 0.6f};
        RetrievalRanks ranks = ranks(images, texts, 2, 2, 1);
        // picture 1: caption 0 scores 0.6, its own 0.96; caption 1: picture 0 scores 0.8, its own 0.96
        assertThat(ranks.ofTexts()).containsExactly(0, 0);
        float[] swapped = {0.8f, 0.6f, 0.6f, 0.8f};
        ranks = ranks(images, swapped, 2, 2, 1);
        // caption 0: picture 0 0.8, picture 1 0.96; picture 0: caption 0 0.8, caption 1 0.6
        assertThat(ranks.ofImages()).containsExactly(1, 0);
        assertThat(ranks.ofTexts()).containsExactly(0, 0);
    }

    private static RetrievalRanks ranks(float[] images, float[] texts, int count, int embedDim, int threads) {
        try (Backend backend = Backends.open("cpu", Backends.AUTO, new BackendOptions(threads, Precision.F32))) {
            return RetrievalRanks.of(backend, images, texts, count, embedDim);
        }
    }

    private static float[] unit(Random random, int count, int embedDim) {
        float[] rows = new float[count * embedDim];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (float) random.nextGaussian();
        }
        normalize(rows, count, embedDim);
        return rows;
    }

    private static void normalize(float[] rows, int count, int embedDim) {
        for (int i = 0; i < count; i++) {
            double norm = Math.sqrt(Scores.dot(rows, i, rows, i, embedDim));
            for (int j = i * embedDim; j < (i + 1) * embedDim; j++) {
                rows[j] /= (float) norm;
            }
        }
    }
}
