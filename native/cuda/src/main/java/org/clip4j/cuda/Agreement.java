package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDefault;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.javacpp.BytePointer;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.Precision;

/**
 * Whether two ways to a matrix [rows, columns] have led to the same one but for rounding. What it is about are wrong
 * strides, a forgotten bias, results that were written in part, or f32 that was tf32; so differences are compared with
 * the largest value there is. Not thread-safe.
 */
final class Agreement {
    /** What a comparison has found. */
    enum Verdict {
        /** No value differs by more than rounding allows, and none is NaN or infinite. */
        SAME,
        /** Some value does, or is not finite where the trusted one is. */
        DIFFERENT,
        /** All rows are equal, or the trusted result is not finite: nothing can be said. */
        UNKNOWN
    }

    /** Values that are fetched at a time. */
    private static final int PIECE = 1 << 20;

    private final CudaContext session;
    private final ElementType type;
    private final int columns;
    private final double tolerance;
    private final DeviceAddress from = new DeviceAddress();
    private float largest;
    private float largestDifference;
    private boolean rowsDiffer;
    private boolean trustedIsFinite = true;
    private boolean otherIsFinite = true;

    private Agreement(CudaContext session, ElementType type, int columns, double tolerance) {
        this.session = session;
        this.type = type;
        this.columns = columns;
        this.tolerance = tolerance;
    }

    /**
     * Compares convolutions, each value a sum of {@code length} products.
     *
     * @param trusted address of a result that is right
     * @param other address of the one that may be
     */
    static Verdict of(CudaContext session, CudnnShape shape, long trusted, long other) {
        int length = shape.geometry().patchLength();
        Agreement agreement = new Agreement(session, shape.type(), shape.geometry().outChannels(),
                tolerance(shape.type(), shape.precision(), length));
        agreement.compare(trusted, other, shape.rows());
        return agreement.verdict();
    }

    /**
     * Relative to the largest value. Each way rounds its result once, or its factors (tf32), and may round partial sums
     * that are smaller than the largest: four halves of a step. Sums in f32 err as a random walk, by half a step times
     * the root of their length; eight times that leaves room for signs that do not cancel.
     */
    static double tolerance(ElementType type, Precision precision, int length) {
        double halfStep = switch (type) {
            case F32 -> precision == Precision.TF32 ? 0x1p-11 : 0x1p-24;
            case F16 -> 0x1p-11;
            case BF16 -> 0x1p-8;
        };
        return 4 * halfStep + 8 * Math.sqrt(length) * 0x1p-24;
    }

    private void compare(long trusted, long other, int rows) {
        int most = Math.max(1, Math.min(rows, PIECE / columns));
        int rowBytes = columns * type.sizeBytes();
        try (BytePointer a = new BytePointer((long) most * rowBytes);
                BytePointer b = new BytePointer((long) most * rowBytes)) {
            ByteBuffer first = a.asByteBuffer().order(ByteOrder.nativeOrder());
            ByteBuffer second = b.asByteBuffer().order(ByteOrder.nativeOrder());
            for (int row = 0; row < rows; row += most) {
                int count = Math.min(most, rows - row);
                fetch(trusted + (long) row * rowBytes, a, (long) count * rowBytes);
                fetch(other + (long) row * rowBytes, b, (long) count * rowBytes);
                session.synchronize();
                comparePiece(first, second, count * columns);
            }
        }
    }

    private void fetch(long address, BytePointer to, long bytes) {
        Status.runtime(cudaMemcpyAsync(to, from.at(address), bytes, cudaMemcpyDefault, session.stream()),
                "cudaMemcpyAsync");
    }

    private void comparePiece(ByteBuffer trusted, ByteBuffer other, int count) {
        for (int i = 0; i < count; i++) {
            float a = value(trusted, i);
            float b = value(other, i);
            trustedIsFinite &= Float.isFinite(a);
            otherIsFinite &= Float.isFinite(b);
            largest = Math.max(largest, Math.abs(a));
            largestDifference = Math.max(largestDifference, Math.abs(a - b));
            rowsDiffer |= i >= columns && a != value(trusted, i - columns);
        }
    }

    private float value(ByteBuffer values, int index) {
        return switch (type) {
            case F32 -> values.getFloat(index * Float.BYTES);
            case F16 -> HalfPrecision.f16ToF32(values.getShort(index * Short.BYTES));
            case BF16 -> HalfPrecision.bf16ToF32(values.getShort(index * Short.BYTES));
        };
    }

    private Verdict verdict() {
        if (!trustedIsFinite || !rowsDiffer) {
            return Verdict.UNKNOWN;
        }
        return otherIsFinite && largestDifference <= tolerance * largest ? Verdict.SAME : Verdict.DIFFERENT;
    }
}
