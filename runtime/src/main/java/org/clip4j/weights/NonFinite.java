package org.clip4j.weights;

import java.nio.ByteBuffer;
import org.clip4j.kernels.DType;

/** Finds NaN and infinity by looking at exponent bits; stateless. */
public final class NonFinite {
    private NonFinite() {}

    /**
     * Index of the first NaN or infinity among {@code count} little-endian values.
     *
     * @param bytes little-endian memory; neither position nor limit is used or changed
     * @param startBytes where the first value lies
     * @return the index counted from the first value, or -1 when all are finite or the type is an integer
     */
    public static int firstIndex(ByteBuffer bytes, int startBytes, int count, DType dtype) {
        return switch (dtype) {
            case F64 -> firstF64(bytes, startBytes, count);
            case F32 -> firstF32(bytes, startBytes, count);
            case F16 -> first16(bytes, startBytes, count, 0x7C00);
            case BF16 -> first16(bytes, startBytes, count, 0x7F80);
            default -> -1;
        };
    }

    private static int firstF64(ByteBuffer bytes, int start, int count) {
        for (int i = 0; i < count; i++) {
            if (!Double.isFinite(bytes.getDouble(start + 8 * i))) {
                return i;
            }
        }
        return -1;
    }

    private static int firstF32(ByteBuffer bytes, int start, int count) {
        for (int i = 0; i < count; i++) {
            if ((bytes.getInt(start + 4 * i) & 0x7F80_0000) == 0x7F80_0000) {
                return i;
            }
        }
        return -1;
    }

    private static int first16(ByteBuffer bytes, int start, int count, int exponent) {
        for (int i = 0; i < count; i++) {
            if ((bytes.getShort(start + 2 * i) & exponent) == exponent) {
                return i;
            }
        }
        return -1;
    }
}
