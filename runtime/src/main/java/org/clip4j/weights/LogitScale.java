package org.clip4j.weights;

/** The scalar {@code logit_scale}: the logarithm of the factor between cosines and logits. Stateless. */
public final class LogitScale {
    /** Name of its tensor. */
    public static final String TENSOR = "logit_scale";

    private LogitScale() {}

    /**
     * The factor, exp(value); about 100 in trained models.
     *
     * @param value as stored
     * @param file for the message
     * @throws ModelFileException when the factor is not a finite number above 0, so that no logit would be one
     */
    public static float factor(double value, String file) throws ModelFileException {
        float factor = (float) Math.exp(value);
        if (factor > 0 && Float.isFinite(factor)) {
            return factor;
        }
        throw new ModelFileException("model tensor has a value that makes no logits: name=" + TENSOR + " value=" + value
                + " expected=exp(value) finite and above 0 actual=" + factor + " file=" + file
                + "; take an undamaged copy");
    }
}
