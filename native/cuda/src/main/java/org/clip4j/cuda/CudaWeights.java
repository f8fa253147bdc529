package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpy;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDefault;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.Tensor;

/** Brings weights to the card, in the type that they are computed with. Stateless. */
final class CudaWeights {
    /** Values that are converted at a time. */
    private static final int PIECE = 1 << 18;

    private CudaWeights() {}

    /** Order in which the values of a weight are wanted: position in the result to position in the source. */
    @FunctionalInterface
    interface Order {
        int source(int position);
    }

    /** Puts a value, in the target's type, at a place among those of its type. */
    @FunctionalInterface
    private interface Encoder {
        void put(ByteBuffer piece, int index, float value);
    }

    /** A copy in the arena's memory. */
    static Tensor copy(CudaDevice cuda, Arena arena, Tensor source, ElementType type) {
        return copy(cuda, arena, source, type, source.rows(), source.columns(), position -> position);
    }

    /** A convolution's weights as a matrix [outChannels, patchLength], in the order in which patches are gathered. */
    static Tensor matrix(CudaDevice cuda, Arena arena, ConvolutionShape shape, Tensor weight, ElementType type) {
        int C = shape.inChannels();
        int area = shape.kernel() * shape.kernel();
        Order order = position -> position;
        if (shape.layout() == ConvolutionShape.Layout.CHANNELS_LAST) {
            // [N,C,k,k] to [N,k,k,C]
            order = position -> {
                int c = position % C;
                int at = position / C % area;
                int n = position / (C * area);
                return (n * C + c) * area + at;
            };
        }
        return copy(cuda, arena, weight, type, shape.outChannels(), shape.patchLength(), order);
    }

    /** A copy as bytes of e4m3, U8, each value divided by {@code scale}. */
    static Tensor e4m3(CudaDevice cuda, Arena arena, Tensor source, float scale) {
        Tensor target = arena.allocate(DType.U8, source.rows(), source.columns());
        fill(cuda, target, source, position -> position, (piece, i, value) -> piece.put(i, E4m3.of(value / scale)));
        return target;
    }

    private static Tensor copy(CudaDevice cuda, Arena arena, Tensor source, ElementType type, int rows, int columns,
            Order order) {
        Tensor target = arena.allocate(type.dtype(), rows, columns);
        fill(cuda, target, source, order, switch (type) {
            case F32 -> (piece, i, value) -> piece.putFloat(i * Float.BYTES, value);
            case F16 -> (piece, i, value) -> piece.putShort(i * Short.BYTES, HalfPrecision.f32ToF16(value));
            case BF16 -> (piece, i, value) -> piece.putShort(i * Short.BYTES, HalfPrecision.f32ToBf16(value));
        });
        return target;
    }

    /** Converts and copies all values, some at a time. */
    private static void fill(CudaDevice cuda, Tensor target, Tensor source, Order order, Encoder encoder) {
        cuda.makeCurrent();
        int size = target.dtype().sizeBytes();
        ByteBuffer piece = ByteBuffer.allocateDirect(Math.min(PIECE, source.elements()) * size)
                .order(ByteOrder.LITTLE_ENDIAN);
        BytePointer from = new BytePointer(piece);
        DeviceAddress to = new DeviceAddress();
        for (int first = 0; first < source.elements(); first += PIECE) {
            int count = Math.min(PIECE, source.elements() - first);
            for (int i = 0; i < count; i++) {
                encoder.put(piece, i, (float) source.get(order.source(first + i)));
            }
            Status.runtime(cudaMemcpy(to.at(target.address() + (long) first * size), from, (long) count * size,
                    cudaMemcpyDefault), "cudaMemcpy");
        }
        // A copy from pageable memory may still be on its way when the call returns.
        Status.runtime(cudaStreamSynchronize((CUstream_st) null), "cudaStreamSynchronize");
    }

    /** The type of a table that is looked up in: as it is stored, where kernels take that. */
    static ElementType tableType(DType stored) {
        return switch (stored) {
            case F16 -> ElementType.F16;
            case BF16 -> ElementType.BF16;
            default -> ElementType.F32;
        };
    }
}
