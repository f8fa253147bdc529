package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Tensor;

/**
 * What a CPU backend computes beside its layers, in plain Java or by a native module. Operands have been checked.
 * Thread-safe.
 */
public interface RowKernels {
    /** A few words for people: what computes, and for which instruction set. */
    String description();

    /**
     * A layer norm.
     *
     * @param arena receives what is kept
     * @param gain [D]
     * @param bias [D]
     */
    RowOperation layerNorm(Arena arena, Tensor gain, Tensor bias, float epsilon);

    /** Divides rows by their L2 norm; a row of zeros stays zero. */
    RowOperation l2Normalize(int width);

    /**
     * Scaled dot-product attention.
     *
     * @param causal whether the last query of a segment sees all keys, and each before it one less
     */
    AttentionOperation attention(int heads, int headWidth, boolean causal);

    /**
     * What follows the products of a layer.
     *
     * @param arena receives what is kept
     * @param bias [N], or null
     */
    Epilogue epilogue(Arena arena, Tensor bias, Activation activation);

    /** What finds the nearest rows, or null: products of the matrix engine do then. */
    default NearestScan nearestScan() {
        return null;
    }

    /** Converts rows of {@code depth} values to bf16, to the nearest, ties to even; rows adjoin. */
    RowConversion toBf16(int depth);

    /**
     * Converts rows of {@code depth} values to bytes around {@link RowConversion#ZERO_POINT}, in steps of a row's scale,
     * which is its largest magnitude / 127. Where that is no finite number, so is the scale.
     */
    RowConversion toBytes(int depth);

    /**
     * What follows products of bytes.
     *
     * @param arena receives what is kept
     * @param bias [columns]
     */
    Dequantization dequantization(Arena arena, Tensor bias, Activation activation);
}
