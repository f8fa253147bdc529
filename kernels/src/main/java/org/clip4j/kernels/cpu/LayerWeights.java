package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;

/**
 * What an engine is to pack: activation(x * weight' + bias).
 *
 * @param weight [N, K] of F32, F16 or BF16; read while packing only
 * @param bias [N], or null; read while packing only
 * @param activation applied to the sums
 * @param precision of the product
 * @param lanes threads that will share a call
 */
public record LayerWeights(Tensor weight, Tensor bias, Activation activation, Precision precision, int lanes) {
    /**
     * What the weights are to be held in. In int8 layers without a bias stay in f32: in CLIP these are the projections
     * into the embedding space, whose errors nothing evens out.
     */
    public Precision heldPrecision() {
        return precision == Precision.INT8 && bias == null ? Precision.F32 : precision;
    }
}
