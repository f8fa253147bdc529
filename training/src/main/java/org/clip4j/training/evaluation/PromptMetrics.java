package org.clip4j.training.evaluation;

import java.util.Arrays;
import java.util.List;

/**
 * How accuracy moves with the wording.
 *
 * @param templates top-1 of each, in the order given
 * @param ensemble top-1 of all of them averaged
 */
public record PromptMetrics(int count, List<Double> templates, double ensemble) {

    /** The middle one; the mean of the two middle ones of an even number. */
    public double median() {
        double[] sorted = sorted();
        int half = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
    }

    /** The worst one. */
    public double least() {
        return sorted()[0];
    }

    /** The best one. */
    public double most() {
        return sorted()[templates.size() - 1];
    }

    /** Standard deviation over the templates, of all of them and not of a sample. */
    public double deviation() {
        double mean = templates.stream().mapToDouble(Double::doubleValue).average().orElse(0);
        return Math.sqrt(templates.stream().mapToDouble(top1 -> (top1 - mean) * (top1 - mean)).average().orElse(0));
    }

    private double[] sorted() {
        double[] sorted = templates.stream().mapToDouble(Double::doubleValue).toArray();
        Arrays.sort(sorted);
        return sorted;
    }
}
