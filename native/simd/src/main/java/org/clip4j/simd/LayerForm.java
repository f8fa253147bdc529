package org.clip4j.simd;

import org.clip4j.kernels.DType;
import org.clip4j.kernels.Precision;

/** How the weights of a layer are kept; the numbers are those of kernels.h. */
enum LayerForm {
    /** f32. */
    F32(0, DType.F32, Precision.F32),
    /** bf16, widened to f32 on the way into the products. */
    BF16(1, DType.BF16, Precision.BF16),
    /** 8 bits with a scale for each column; inputs become 16 bits with a scale for each row. */
    INT8(2, DType.I8, Precision.INT8);

    private final int number;
    private final DType weightType;
    private final Precision precision;

    LayerForm(int number, DType weightType, Precision precision) {
        this.number = number;
        this.weightType = weightType;
        this.precision = precision;
    }

    static LayerForm of(Precision held) {
        return switch (held) {
            case F32 -> F32;
            case BF16 -> BF16;
            case INT8 -> INT8;
            case F16, TF32, FP8 -> throw new IllegalArgumentException("no layer is computed in " + held);
        };
    }

    int number() {
        return number;
    }

    DType weightType() {
        return weightType;
    }

    Precision precision() {
        return precision;
    }

    /** Elements that a column of so many weights takes: pairs are whole in INT8. */
    int stored(int depth) {
        return this == INT8 ? (depth + 1) / 2 * 2 : depth;
    }

    /** The number that stands for a type of weights before they are packed. */
    static int number(DType type) {
        return switch (type) {
            case F32 -> 0;
            case F16 -> 1;
            case BF16 -> 2;
            default -> throw new IllegalArgumentException("weights cannot be packed: type=" + type
                    + " expected=F32, F16 or BF16");
        };
    }
}
