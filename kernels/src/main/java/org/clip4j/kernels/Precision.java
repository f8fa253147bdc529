package org.clip4j.kernels;

import java.util.Locale;

/** What matrix products are computed in. Sums, layer norms and softmax are at least f32 in all of them. */
public enum Precision {
    /** IEEE single. */
    F32,
    /** f32 rounded to 10 bits of mantissa for the products of matrix units, f32 sums. */
    TF32,
    /** bfloat16 products, f32 sums. */
    BF16,
    /** IEEE half products, f32 sums. */
    F16,
    /** 8-bit integer products with scales, i32 sums. */
    INT8,
    /** 8-bit floating-point products, e4m3, with scales, f32 sums. */
    FP8;

    /** The name that {@code --precision} takes. */
    public String label() {
        return name().toLowerCase(Locale.ROOT);
    }
}
