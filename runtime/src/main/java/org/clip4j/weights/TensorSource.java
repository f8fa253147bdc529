package org.clip4j.weights;

import org.clip4j.kernels.Tensor;

/** Weights by the names of OpenAI's state_dict, with shapes already checked against the configuration. */
@FunctionalInterface
public interface TensorSource {
    /**
     * A view of one tensor, valid as long as the file it lies in is open.
     *
     * @throws IllegalArgumentException when there is no such tensor
     */
    Tensor tensor(String name);
}
