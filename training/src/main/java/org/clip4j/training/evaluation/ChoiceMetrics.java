package org.clip4j.training.evaluation;

/**
 * How often the right one was first, and among the first five and ten.
 *
 * @param count of questions
 * @param chance share that guessing gets right at the first attempt
 */
public record ChoiceMetrics(int count, double top1, double top5, double top10, double chance) {

    /**
     * Counts ranks.
     *
     * @param ranks 0 for the best; negative ones are left out
     * @param candidates among how many each was ranked
     */
    static ChoiceMetrics of(int[] ranks, int[] candidates) {
        int count = 0;
        int[] within = new int[3];
        double chance = 0;
        for (int i = 0; i < ranks.length; i++) {
            if (ranks[i] < 0) {
                continue;
            }
            count++;
            within[0] += ranks[i] < 1 ? 1 : 0;
            within[1] += ranks[i] < 5 ? 1 : 0;
            within[2] += ranks[i] < 10 ? 1 : 0;
            chance += 1.0 / candidates[i];
        }
        double all = Math.max(1, count);
        return new ChoiceMetrics(count, within[0] / all, within[1] / all, within[2] / all, chance / all);
    }
}
