package org.clip4j.converter;

import java.util.List;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelSource;

/**
 * What a conversion did.
 *
 * @param config of the model
 * @param format kind of checkpoint, for people
 * @param source what the model file says about its origin
 * @param tensors number of weights written
 * @param sizeBytes length of the weights
 * @param warnings one line each; empty when nothing had to be assumed
 */
public record ConversionSummary(ClipConfig config, String format, ModelSource source, int tensors, long sizeBytes,
        List<String> warnings) {
    /** Takes a copy of the list. */
    public ConversionSummary {
        warnings = List.copyOf(warnings);
    }
}
