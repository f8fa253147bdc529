package org.clip4j.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;

class MetricsTest {
    private static final double EXACT = 1e-12;

    @Test
    void rankCountsOthersThatScoreNoLess() {
        double[] scores = {0.5, 0.9, 0.5, 0.1};
        assertThat(Scores.rank(scores, 1)).isZero();
        assertThat(Scores.rank(scores, 0)).isEqualTo(2);
        assertThat(Scores.rank(scores, 2)).isEqualTo(2);
        assertThat(Scores.rank(scores, 3)).isEqualTo(3);
    }

    @Test
    void answerIsTheBestAndNeverTheRightOneByATie() {
        assertThat(Scores.answer(new double[]{0.5, 0.9, 0.5}, 0)).isEqualTo(1);
        assertThat(Scores.answer(new double[]{0.5, 0.9, 0.5}, 1)).isEqualTo(1);
        assertThat(Scores.answer(new double[]{0.7, 0.7, 0.7}, 0)).isEqualTo(1);
        assertThat(Scores.answer(new double[]{0.7, 0.7, 0.7}, 1)).isZero();
        assertThat(Scores.answer(new double[]{0.7, 0.2, 0.7}, 2)).isZero();
    }

    @Test
    void choicesAreCountedByRank() {
        ChoiceMetrics metrics = ChoiceMetrics.of(new int[]{0, 4, 5, 9, 10, -1, 0, 1},
                new int[]{20, 20, 20, 20, 20, 20, 2, 4});
        assertThat(metrics.count()).isEqualTo(7);
        assertThat(metrics.top1()).isEqualTo(2 / 7.0, within(EXACT));
        assertThat(metrics.top5()).isEqualTo(4 / 7.0, within(EXACT));
        assertThat(metrics.top10()).isEqualTo(6 / 7.0, within(EXACT));
        assertThat(metrics.chance()).isEqualTo((5 / 20.0 + 1 / 2.0 + 1 / 4.0) / 7, within(EXACT));
    }

    @Test
    void nothingUsableIsNoDivisionByZero() {
        ChoiceMetrics metrics = ChoiceMetrics.of(new int[]{-1}, new int[]{5});
        assertThat(metrics.count()).isZero();
        assertThat(metrics.top1()).isZero();
    }

    @Test
    void perClassRecallWeighsClassesAlikeAndLeavesOutEmptyOnes() {
        // Class 0: 3 of 4, class 1: 0 of 1, class 2: no picture, class 3: 1 of 1 and one that cannot be used.
        int[] labels = {0, 0, 0, 0, 1, 3, 3};
        int[] answers = {0, 0, 0, 3, 0, 3, 0};
        int[] ranks = {0, 0, 0, 1, 2, 0, -1};
        ClassMetrics metrics = ClassMetrics.of(labels, answers, ranks, 4);
        assertThat(metrics.overall().count()).isEqualTo(6);
        assertThat(metrics.overall().top1()).isEqualTo(4 / 6.0, within(EXACT));
        assertThat(metrics.overall().chance()).isEqualTo(1 / 4.0, within(EXACT));
        assertThat(metrics.meanPerClassRecall()).isEqualTo((0.75 + 0 + 1) / 3, within(EXACT));
        assertThat(metrics.classes()).containsExactly(new ClassMetrics.ClassRecall(1, 0, 1),
                new ClassMetrics.ClassRecall(0, 3, 4), new ClassMetrics.ClassRecall(3, 1, 1));
        assertThat(metrics.confusions()).containsExactly(new ClassMetrics.Confusion(0, 3, 1),
                new ClassMetrics.Confusion(1, 0, 1));
    }

    @Test
    void confusionsComeMostFrequentFirst() {
        ClassMetrics metrics = ClassMetrics.of(new int[]{1, 0, 1, 0, 1}, new int[]{0, 1, 0, 2, 2},
                new int[]{1, 1, 1, 1, 1}, 3);
        assertThat(metrics.confusions()).containsExactly(new ClassMetrics.Confusion(1, 0, 2),
                new ClassMetrics.Confusion(0, 1, 1), new ClassMetrics.Confusion(0, 2, 1),
                new ClassMetrics.Confusion(1, 2, 1));
    }

    @Test
    void spreadOfTemplates() {
        PromptMetrics odd = new PromptMetrics(10, List.of(0.5, 0.1, 0.9), 0.7);
        assertThat(odd.median()).isEqualTo(0.5);
        assertThat(odd.least()).isEqualTo(0.1);
        assertThat(odd.most()).isEqualTo(0.9);
        assertThat(odd.deviation()).isEqualTo(Math.sqrt((0.16 + 0.16) / 3), within(EXACT));
        assertThat(new PromptMetrics(10, List.of(0.4, 0.1, 0.2, 0.9), 0.7).median()).isEqualTo(0.3, within(EXACT));
        assertThat(new PromptMetrics(10, List.of(0.4), 0.4).deviation()).isZero();
    }
}
