package org.clip4j.training.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * What became of pictures that were to be classified.
 *
 * @param overall top-1 and top-5 of all pictures
 * @param meanPerClassRecall mean over the classes that have pictures of the share of these that were recognised
 * @param classes those that have pictures, worst first
 * @param confusions what was taken for what, most frequent first
 */
public record ClassMetrics(ChoiceMetrics overall, double meanPerClassRecall, List<ClassRecall> classes,
        List<Confusion> confusions) {

    /** How many pictures of a class were recognised. */
    public record ClassRecall(int label, int right, int count) {
        /** Share. */
        public double recall() {
            return (double) right / count;
        }
    }

    /** Pictures of one class that were taken for another. */
    public record Confusion(int label, int answer, int count) {}

    /**
     * Counts answers.
     *
     * @param labels the right classes
     * @param answers the classes that were given
     * @param ranks of the right classes; pictures with a negative one are left out
     */
    static ClassMetrics of(int[] labels, int[] answers, int[] ranks, int classes) {
        int[] candidates = new int[labels.length];
        Arrays.fill(candidates, classes);
        int[] right = new int[classes];
        int[] count = new int[classes];
        Map<Long, Integer> confused = new HashMap<>();
        for (int i = 0; i < labels.length; i++) {
            if (ranks[i] < 0) {
                continue;
            }
            count[labels[i]]++;
            if (ranks[i] == 0) {
                right[labels[i]]++;
            } else {
                confused.merge((long) labels[i] * classes + answers[i], 1, Integer::sum);
            }
        }
        List<ClassRecall> recalls = new ArrayList<>();
        double sum = 0;
        for (int label = 0; label < classes; label++) {
            if (count[label] > 0) {
                recalls.add(new ClassRecall(label, right[label], count[label]));
                sum += (double) right[label] / count[label];
            }
        }
        recalls.sort(Comparator.comparingDouble(ClassRecall::recall).thenComparingInt(ClassRecall::label));
        List<Confusion> confusions = new ArrayList<>();
        confused.forEach((pair, times) -> confusions.add(
                new Confusion((int) (pair / classes), (int) (pair % classes), times)));
        confusions.sort(Comparator.comparingInt((Confusion confusion) -> -confusion.count())
                .thenComparingInt(Confusion::label).thenComparingInt(Confusion::answer));
        return new ClassMetrics(ChoiceMetrics.of(ranks, candidates), sum / Math.max(1, recalls.size()), recalls,
                confusions);
    }
}
