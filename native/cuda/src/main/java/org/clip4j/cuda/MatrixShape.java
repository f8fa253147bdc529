package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.CUDA_R_8F_E4M3;

import java.util.Locale;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Precision;

/**
 * All that the choice of an algorithm for out [rows, n] = x [rows, k] * weight [n, k]' depends on.
 *
 * @param xStride elements between rows of x
 * @param outStride elements between rows of the result
 * @param type of both factors; in fp8 that of what they were made of
 * @param outType of the result
 * @param precision tells f32 from tf32, and f16 from fp8
 * @param activation that it ends with
 * @param bias whether it adds one
 * @param add whether it adds to what is there
 * @param xAlignment of x in bytes, at most {@value #MAX_ALIGNMENT}
 * @param outAlignment of the result, likewise
 */
record MatrixShape(int n, int rows, int k, int xStride, int outStride, ElementType type, ElementType outType,
        Precision precision, Activation activation, boolean bias, boolean add, int xAlignment, int outAlignment) {
    /** What cublasLt assumes when it is told nothing: CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES. */
    static final int MAX_ALIGNMENT = 256;

    /** The largest power of two that an address is a multiple of, up to {@value #MAX_ALIGNMENT}. */
    static int alignment(long address) {
        return (int) Math.min(MAX_ALIGNMENT, Long.lowestOneBit(address));
    }

    /** The number that cublasLt has for the type of both factors, cudaDataType_t. */
    int factorType() {
        return precision == Precision.FP8 ? CUDA_R_8F_E4M3 : type.dataType();
    }

    /**
     * The same for the bias: that of the result, but for fp8 (cuBLAS documentation, cublasLtMatmul, table of types).
     */
    int biasType() {
        return precision == Precision.FP8 && outType == ElementType.F32
                ? ElementType.BF16.dataType()
                : outType.dataType();
    }

    /** One word, for a file of algorithms. */
    String key() {
        return "n" + n + "r" + rows + "k" + k + "x" + xStride + "o" + outStride + type.label() + outType.label()
                + precision.label() + activation.name().toLowerCase(Locale.ROOT) + (bias ? "bias" : "")
                + (add ? "add" : "") + "a"
                + xAlignment + "a" + outAlignment;
    }
}
