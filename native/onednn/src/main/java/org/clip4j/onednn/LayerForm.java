package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_bf16;
import static org.bytedeco.dnnl.global.dnnl.dnnl_f32;
import static org.bytedeco.dnnl.global.dnnl.dnnl_s8;
import static org.bytedeco.dnnl.global.dnnl.dnnl_u8;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Precision;

/** The ways in which a layer is computed: types of input and weights, and what the library does besides the product. */
enum LayerForm {
    /** All in f32. */
    F32(Precision.F32, dnnl_f32, dnnl_f32),
    /** Weights rounded to bf16, then all in f32: for processors without bf16 products. */
    BF16_ROUNDED(Precision.BF16, dnnl_f32, dnnl_f32),
    /** Inputs and weights in bf16, sums in f32. */
    BF16(Precision.BF16, dnnl_bf16, dnnl_bf16),
    /** Inputs in u8 around 128 with a scale per row, weights in s8 with a scale per column, sums in i32. */
    INT8(Precision.INT8, dnnl_u8, dnnl_s8);

    private final Precision precision;
    private final int inputType;
    private final int weightType;

    LayerForm(Precision precision, int inputType, int weightType) {
        this.precision = precision;
        this.inputType = inputType;
        this.weightType = weightType;
    }

    Precision precision() {
        return precision;
    }

    int inputType() {
        return inputType;
    }

    int weightType() {
        return weightType;
    }

    int bytesPerWeight() {
        return switch (this) {
            case F32, BF16_ROUNDED -> Float.BYTES;
            case BF16 -> Short.BYTES;
            case INT8 -> Byte.BYTES;
        };
    }

    /**
     * Whether the library's own version of an activation follows the sums. In int8 rows are scaled in between. In f32 its
     * exact GELU is not exact enough: at -3 it is off by 2e-7 where the result is -4e-3, and 0 below -6.
     */
    boolean fuses(Activation activation) {
        return this != INT8 && !(this == F32 && activation == Activation.GELU);
    }
}
