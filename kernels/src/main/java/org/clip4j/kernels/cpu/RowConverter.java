package org.clip4j.kernels.cpu;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import org.clip4j.kernels.Tensor;

/**
 * Converts rows in plain Java, on heap arrays, for the reasons told at {@link RowMath}.
 * Not thread-safe; one per lane.
 */
final class RowConverter {
    /** Steps from 0 to the largest value of a row. */
    private static final float STEPS = 127f;
    /** Adding 1.5 * 2^23 rounds to the nearest integer and leaves it in the mantissa's low bits. */
    private static final float ROUNDING = 12582912f;

    private final float[] row = new float[RowMath.BLOCK];
    private final int[] bits = new int[RowMath.BLOCK];
    private final byte[] bytes = new byte[2 * RowMath.BLOCK];
    private final FloatBuffer asFloats;
    private final IntBuffer asInts;

    RowConverter() {
        ByteBuffer shared = ByteBuffer.allocateDirect(RowMath.BLOCK * Float.BYTES).order(ByteOrder.nativeOrder());
        asFloats = shared.asFloatBuffer();
        asInts = shared.asIntBuffer();
    }

    /** Rows of K values to bytes, each with its own scale: largest magnitude / 127. */
    void toBytes(PackedCall call, int depth, int fromRow, int toRow) {
        FloatBuffer x = call.x().floats();
        Tensor prepared = call.prepared();
        for (int r = fromRow; r < toRow; r++) {
            int start = r * call.xStride();
            float largest = largest(x, start, depth);
            prepared.floats().put(r, largest / STEPS);
            float inverse = largest > 0 ? STEPS / largest : 0f;
            int target = RowConversion.firstByte(call.rows()) + r * depth;
            for (int at = 0; at < depth; at += RowMath.BLOCK) {
                int length = Math.min(RowMath.BLOCK, depth - at);
                x.get(start + at, row, 0, length);
                quantize(inverse, length);
                prepared.bytes().put(target + at, bytes, 0, length);
            }
        }
    }

    private float largest(FloatBuffer x, int start, int depth) {
        float largest = 0;
        for (int at = 0; at < depth; at += RowMath.BLOCK) {
            int length = Math.min(RowMath.BLOCK, depth - at);
            x.get(start + at, row, 0, length);
            for (int i = 0; i < length; i++) {
                row[i] = Math.abs(row[i]);
            }
            largest = Math.max(largest, RowMath.max(row, length));
        }
        return largest;
    }

    private void quantize(float inverse, int length) {
        for (int i = 0; i < length; i++) {
            row[i] = row[i] * inverse + (ROUNDING + RowConversion.ZERO_POINT);
        }
        asFloats.put(0, row, 0, length);
        asInts.get(0, bits, 0, length);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) bits[i];
        }
    }

    /** Rows of K values to bf16, to nearest even; NaN stays NaN. */
    void toBf16(PackedCall call, int depth, int fromRow, int toRow) {
        FloatBuffer x = call.x().floats();
        for (int r = fromRow; r < toRow; r++) {
            int start = r * call.xStride();
            for (int at = 0; at < depth; at += RowMath.BLOCK) {
                int length = Math.min(RowMath.BLOCK, depth - at);
                x.get(start + at, row, 0, length);
                asFloats.put(0, row, 0, length);
                asInts.get(0, bits, 0, length);
                for (int i = 0; i < length; i++) {
                    int value = bits[i];
                    boolean nan = (value & 0x7FFF_FFFF) > 0x7F80_0000;
                    int upper = nan ? (value >>> 16) | 0x40 : (value + 0x7FFF + ((value >>> 16) & 1)) >>> 16;
                    bytes[2 * i] = (byte) upper;
                    bytes[2 * i + 1] = (byte) (upper >>> 8);
                }
                call.prepared().bytes().put((r * depth + at) * 2, bytes, 0, 2 * length);
            }
        }
    }
}
