package org.clip4j.training;

/**
 * Linear warm-up, then half a cosine down to zero.
 *
 * <p>Source: Radford et al. 2021, section 2.5; Loshchilov and Hutter 2017.
 *
 * @param peak reached at the end of the warm-up
 * @param warmupSteps steps of the warm-up; 0 for none
 * @param totalSteps of the whole training
 */
public record LearningRate(double peak, int warmupSteps, int totalSteps) {
    /** Checks that the warm-up ends before the training does. */
    public LearningRate {
        if (!(peak > 0) || warmupSteps < 0 || totalSteps <= warmupSteps) {
            throw new IllegalArgumentException("the learning rate must rise and fall: peak=" + peak + " warmupSteps="
                    + warmupSteps + " totalSteps=" + totalSteps);
        }
    }

    /** The rate of a step, counted from 0; zero behind the last one. */
    public double at(long step) {
        if (step < warmupSteps) {
            return peak * (step + 1) / warmupSteps;
        }
        double done = Math.min(1, (double) (step - warmupSteps) / (totalSteps - warmupSteps));
        return peak * (1 + Math.cos(Math.PI * done)) / 2;
    }
}
