package org.clip4j.benchmarks.nearest;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.stream.IntStream;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/**
 * Rows out of their numbers: each value is plus or minus something between 2^-5 and 2^-4, made as bits of the stored type,
 * so that gigabytes take seconds and any row can be made again. Dot products with a query are nearly normally distributed.
 * Stateless.
 */
final class GeneratedRows {
    private static final int PIECE_BYTES = 64 << 20;

    private final int width;
    private final DType stored;

    GeneratedRows(int width, DType stored) {
        this.width = width;
        this.stored = stored;
    }

    /** Fills all rows, on as many threads as there are. */
    void fill(NearestRows target, ExecutionContext context, int rows) {
        int pieceRows = Math.max(1, PIECE_BYTES / (width * stored.sizeBytes()));
        ByteBuffer piece = ByteBuffer.allocateDirect(pieceRows * width * stored.sizeBytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        Tensor tensor = Tensor.of(piece, stored, Tensor.NO_ADDRESS, pieceRows, width);
        int parts = 4 * Runtime.getRuntime().availableProcessors();
        for (int first = 0; first < rows; first += pieceRows) {
            int start = first;
            int count = Math.min(pieceRows, rows - first);
            IntStream.range(0, parts).parallel().forEach(part -> {
                int end = (int) ((long) count * (part + 1) / parts);
                for (int row = (int) ((long) count * part / parts); row < end; row++) {
                    write(start + row, piece, row * width * stored.sizeBytes());
                }
            });
            target.set(context, first, tensor, count);
        }
    }

    /** Fills rows in memory, on as many threads as there are. */
    void fill(RowBlocks target) {
        int parts = 4 * Runtime.getRuntime().availableProcessors();
        IntStream.range(0, parts).parallel().forEach(part -> {
            int end = (int) ((long) target.rows() * (part + 1) / parts);
            for (int row = (int) ((long) target.rows() * part / parts); row < end; row++) {
                write(row, target.blockOf(row).bytes(), target.rowInBlock(row) * width * stored.sizeBytes());
            }
        });
    }

    private void write(int row, ByteBuffer to, int at) {
        long state = row * 0x9E3779B97F4A7C15L;
        int size = stored.sizeBytes();
        int perWord = Long.BYTES / size;
        for (int i = 0; i < width; i += perWord) {
            state += 0xBF58476D1CE4E5B9L;
            long word = bits(mix(state));
            if (i + perWord <= width) {
                to.putLong(at + i * size, word);
            } else {
                for (int j = i; j < width; j++, word >>>= 8 * size) {
                    if (size == Float.BYTES) {
                        to.putInt(at + j * size, (int) word);
                    } else {
                        to.putShort(at + j * size, (short) word);
                    }
                }
            }
        }
    }

    /** SplitMix64's finalizer (Steele, Lea, Flood 2014). */
    private static long mix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }

    /** Signs and mantissas stay, exponents become that of 2^-5. */
    private long bits(long random) {
        return switch (stored) {
            case F16 -> (random & 0x83FF_83FF_83FF_83FFL) | 0x2800_2800_2800_2800L;
            case BF16 -> (random & 0x807F_807F_807F_807FL) | 0x3D00_3D00_3D00_3D00L;
            default -> (random & 0x807F_FFFF_807F_FFFFL) | 0x3D00_0000_3D00_0000L;
        };
    }

    /** The values of a row. */
    float[] row(int number) {
        ByteBuffer bytes = ByteBuffer.allocate(width * stored.sizeBytes()).order(ByteOrder.LITTLE_ENDIAN);
        write(number, bytes, 0);
        float[] values = new float[width];
        for (int i = 0; i < width; i++) {
            values[i] = switch (stored) {
                case F16 -> HalfPrecision.f16ToF32(bytes.getShort(i * Short.BYTES));
                case BF16 -> HalfPrecision.bf16ToF32(bytes.getShort(i * Short.BYTES));
                default -> bytes.getFloat(i * Float.BYTES);
            };
        }
        return values;
    }
}
