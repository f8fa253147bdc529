package org.clip4j.weights;

import static org.assertj.core.api.Assertions.assertThat;

import org.clip4j.kernels.Activation;
import org.junit.jupiter.api.Test;

class TextConfigTest {
    private static final int[] IDS = {7, 9, 3, 9, 4, 8};

    private static int pooled(int eotToken, int from, int to) {
        return new TextConfig(16, 10, 8, 1, 1, 32, Activation.QUICK_GELU, eotToken).pooledToken(IDS, from, to);
    }

    @Test
    void poolsTheFirstEndToken() {
        assertThat(pooled(9, 0, 6)).isEqualTo(1);
        assertThat(pooled(9, 2, 6)).isEqualTo(3);
        assertThat(pooled(4, 0, 6)).isEqualTo(4);
        assertThat(pooled(7, 0, 1)).isZero();
    }

    @Test
    void poolsTheFirstTokenOfATextWithoutAnEnd() {
        assertThat(pooled(5, 0, 6)).isZero();
        assertThat(pooled(8, 2, 5)).isEqualTo(2);
    }

    @Test
    void poolsTheFirstOfTheLargestIdsWhereNoneEnds() {
        assertThat(pooled(TextConfig.LARGEST_ID, 0, 6)).isEqualTo(1);
        assertThat(pooled(TextConfig.LARGEST_ID, 2, 6)).isEqualTo(3);
        assertThat(pooled(TextConfig.LARGEST_ID, 4, 6)).isEqualTo(5);
        assertThat(pooled(TextConfig.LARGEST_ID, 2, 3)).isEqualTo(2);
    }
}
