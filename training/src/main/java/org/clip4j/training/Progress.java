package org.clip4j.training;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One step of a training, as it is logged.
 *
 * @param step counted from 1
 * @param totalSteps of the whole training
 * @param loss of the batch before the step, in nats
 * @param accuracy on the diagonal: mean part of images and of texts whose own partner was the most similar
 * @param learningRate of the step
 * @param gradientNorm before it was scaled down
 * @param logitScale after the step
 * @param samplesPerSecond of this step, reading included
 * @param secondsLeft if the remaining steps take as long as those of this run did on average
 */
public record Progress(long step, long totalSteps, double loss, double accuracy, double learningRate,
        double gradientNorm, double logitScale, double samplesPerSecond, double secondsLeft) {
    /** The names and values of a line of the log. */
    Map<String, Object> fields() {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("step", step);
        fields.put("total_steps", totalSteps);
        fields.put("loss", loss);
        fields.put("accuracy", accuracy);
        fields.put("learning_rate", learningRate);
        fields.put("gradient_norm", gradientNorm);
        fields.put("logit_scale", logitScale);
        fields.put("samples_per_second", samplesPerSecond);
        fields.put("seconds_left", secondsLeft);
        return fields;
    }
}
