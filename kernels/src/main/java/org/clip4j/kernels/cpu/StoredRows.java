package org.clip4j.kernels.cpu;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.Tensor;

/** Rows in the type that they are searched in, one at a time. Stateless. */
final class StoredRows {
    private StoredRows() {}

    /** Copies a row, of F32 or the target's own type, to a contiguous target. */
    static void copy(Tensor from, int fromRow, Tensor to, int toRow, int width) {
        int start = toRow * width;
        if (from.dtype() == to.dtype()) {
            int size = to.dtype().sizeBytes();
            to.bytes().put(start * size, from.bytes(), fromRow * from.rowStride() * size, width * size);
            return;
        }
        int at = fromRow * from.rowStride();
        ByteBuffer bytes = to.bytes();
        boolean half = to.dtype() == DType.F16;
        for (int i = 0; i < width; i++) {
            float value = from.floats().get(at + i);
            bytes.putShort((start + i) * Short.BYTES,
                    half ? HalfPrecision.f32ToF16(value) : HalfPrecision.f32ToBf16(value));
        }
    }

    /** A row's values. */
    static void widen(Tensor from, int row, float[] to) {
        int start = row * to.length;
        switch (from.dtype()) {
            case F32 -> from.floats().get(start, to);
            case F16 -> {
                for (int i = 0; i < to.length; i++) {
                    to[i] = HalfPrecision.f16ToF32(from.bytes().getShort((start + i) * Short.BYTES));
                }
            }
            default -> {
                for (int i = 0; i < to.length; i++) {
                    to[i] = HalfPrecision.bf16ToF32(from.bytes().getShort((start + i) * Short.BYTES));
                }
            }
        }
    }

    /** Values in 16 bits, one at a time. */
    static void widen(Tensor from, int start, int count, FloatBuffer to, int toStart) {
        boolean half = from.dtype() == DType.F16;
        for (int i = 0; i < count; i++) {
            short bits = from.bytes().getShort((start + i) * Short.BYTES);
            to.put(toStart + i, half ? HalfPrecision.f16ToF32(bits) : HalfPrecision.bf16ToF32(bits));
        }
    }
}
