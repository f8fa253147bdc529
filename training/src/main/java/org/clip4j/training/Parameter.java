package org.clip4j.training;

import java.util.Arrays;
import org.clip4j.kernels.Tensor;

/**
 * A learned tensor and the gradient that backward passes add to. Both belong to whoever allocated them.
 *
 * @param name in OpenAI's state_dict
 * @param value the weights
 * @param gradient of the loss with respect to them, of the same type and shape
 * @param decays false for gains, biases and the logit scale, which weight decay skips (Radford et al. 2021, section 2.5)
 */
public record Parameter(String name, Tensor value, Tensor gradient, boolean decays) {
    /** Checks that both tensors are alike and contiguous. */
    public Parameter {
        if (value.dtype() != gradient.dtype() || !Arrays.equals(value.shape(), gradient.shape())
                || !value.isContiguous() || !gradient.isContiguous()) {
            throw new IllegalArgumentException("value and gradient must be contiguous and alike: name=" + name
                    + " value=" + value + " gradient=" + gradient);
        }
    }

    /** How many matrices lie in it, one below the other: three in the input projections of attention; 0 outside of blocks. */
    int matrices() {
        if (value.rank() != 2 || !name.contains("resblocks.")) {
            return 0;
        }
        return name.endsWith("in_proj_weight") ? 3 : 1;
    }
}
