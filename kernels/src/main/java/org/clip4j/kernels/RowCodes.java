package org.clip4j.kernels;

/**
 * Copies of rows in 8 bits, with which a search tells how near a row can be: {@link Backend#rowCodes}. They belong to the
 * rows that they were made of and to no others, and to any backend that takes them.
 *
 * @param codes I8 [N,E]
 * @param scales F32 [N,2]: what a code is worth, and the norm of what the codes lack
 * @param largestNorm the largest finite norm of a row
 */
public record RowCodes(RowBlocks codes, RowBlocks scales, double largestNorm) {
    /** Checks types, sizes and the norm. */
    public RowCodes {
        if (codes.dtype() != DType.I8 || scales.dtype() != DType.F32 || scales.width() != 2
                || codes.rows() != scales.rows() || !(largestNorm >= 0 && largestNorm < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException(
                    "not the codes of rows: codes=" + codes.dtype() + "[" + codes.rows() + ","
                            + codes.width() + "] scales=" + scales.dtype() + "[" + scales.rows() + "," + scales.width()
                            + "] largestNorm=" + largestNorm);
        }
    }
}
