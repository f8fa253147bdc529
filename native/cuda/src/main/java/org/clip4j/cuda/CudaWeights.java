package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpy;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDefault;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
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

    private static Tensor copy(CudaDevice cuda, Arena arena, Tensor source, ElementType type, int rows, int columns,
            Order order) {
        cuda.makeCurrent();
        Tensor target = arena.allocate(type.dtype(), rows, columns);
        int size = type.sizeBytes();
        ByteBuffer piece = ByteBuffer.allocateDirect(Math.min(PIECE, source.elements()) * size)
                .order(ByteOrder.LITTLE_ENDIAN);
        FloatBuffer floats = piece.asFloatBuffer();
        BytePointer from = new BytePointer(piece);
        DeviceAddress to = new DeviceAddress();
        for (int first = 0; first < source.elements(); first += PIECE) {
            int count = Math.min(PIECE, source.elements() - first);
            for (int i = 0; i < count; i++) {
                float value = (float) source.get(order.source(first + i));
                switch (type) {
                    case F32 -> floats.put(i, value);
                    case F16 -> piece.putShort(i * size, HalfPrecision.f32ToF16(value));
                    case BF16 -> piece.putShort(i * size, HalfPrecision.f32ToBf16(value));
                }
            }
            Status.runtime(cudaMemcpy(to.at(target.address() + (long) first * size), from, (long) count * size,
                    cudaMemcpyDefault), "cudaMemcpy");
        }
        // A copy from pageable memory may still be on its way when the call returns.
        Status.runtime(cudaStreamSynchronize((CUstream_st) null), "cudaStreamSynchronize");
        return target;
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
