package org.clip4j.kernels;

import java.util.List;

/**
 * The weights of a linear layer or convolution as a backend has laid them out, to be kept between runs. What the tensors
 * hold is known to backends of the same {@link Backend#packing} only; they are not copied, and are read as long as the
 * layer is used.
 *
 * @param inFeatures K, columns of the input
 * @param outFeatures N, columns of the output
 * @param precision what the weights are held in
 * @param tensors contiguous, in an order of the backend's own
 */
public record PackedWeights(int inFeatures, int outFeatures, Precision precision, List<Tensor> tensors) {
    /** Checks the sizes, copies the list. */
    public PackedWeights {
        Operands.requirePositive("inFeatures", inFeatures);
        Operands.requirePositive("outFeatures", outFeatures);
        tensors = List.copyOf(tensors);
    }
}
