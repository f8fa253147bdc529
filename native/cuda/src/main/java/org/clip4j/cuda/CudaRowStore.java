package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudart.cudaMemcpy;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyAsync;
import static org.bytedeco.cuda.global.cudart.cudaMemcpyDefault;
import static org.bytedeco.cuda.global.cudart.cudaStreamSynchronize;

import java.nio.ByteBuffer;
import org.bytedeco.cuda.cudart.CUstream_st;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.LongPointer;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.Tensor;

/**
 * The rows of a {@link CudaNearestRows} on the card, padded with zeros to whole cache lines for all types; beside them
 * a table of the blocks' addresses, and the largest square of a row's norm. Memory is the arena's.
 */
final class CudaRowStore {
    /** Columns are a multiple of this; native/cuda/src/main/cuda/similarity.cuh. */
    private static final int COLUMNS = 64;
    private static final int WARPS = 8;
    /** Of the host's rows that are on their way to the card. */
    private static final int PIECE_BYTES = 64 << 20;

    private final CudaDevice cuda;
    private final ElementType type;
    private final int width;
    private final RowBlocks blocks;
    private final Tensor table;
    private final Tensor largestSquare;
    private final Kernel fromF32;
    private final Kernel fromOwn;

    CudaRowStore(CudaDevice cuda, Arena arena, int width, int rows, ElementType type) {
        this.cuda = cuda;
        this.type = type;
        this.width = width;
        this.blocks = new RowBlocks(arena, type.dtype(), (width + COLUMNS - 1) / COLUMNS * COLUMNS, rows);
        this.table = arena.allocate(DType.I64, blocks.count());
        this.largestSquare = arena.allocate(DType.I32, 1);
        this.fromF32 = cuda.kernel("nearest_store_f32_" + type.label());
        this.fromOwn = cuda.kernel("nearest_store_" + type.label() + "_" + type.label());
        cuda.makeCurrent();
        try (LongPointer addresses = new LongPointer(blocks.count())) {
            for (int i = 0; i < blocks.count(); i++) {
                addresses.put(i, blocks.block(i).address());
            }
            Status.runtime(cudaMemcpy(new DeviceAddress().at(table.address()), addresses,
                    (long) blocks.count() * Long.BYTES, cudaMemcpyDefault), "cudaMemcpy");
            // The streams of sessions do not wait for the default one.
            Status.runtime(cudaStreamSynchronize((CUstream_st) null), "cudaStreamSynchronize");
        }
    }

    ElementType type() {
        return type;
    }

    /** Columns that hold values. */
    int width() {
        return width;
    }

    /** Columns with the padding. */
    int paddedWidth() {
        return blocks.width();
    }

    int capacityRows() {
        return blocks.rows();
    }

    /** Address of the square, as an unsigned number. */
    long largestSquare() {
        return largestSquare.address();
    }

    /** A launch whose first arguments are the first {@code rows} rows. */
    Launch launch(CudaContext own, Kernel kernel, int rows) {
        return own.launch(kernel).pointer(table.address()).number(blocks.shift()).number(rows)
                .number(blocks.width());
    }

    /** Stores rows, and waits until they are there. */
    void set(CudaContext own, int firstRow, Tensor rows, int count) {
        if (rows.isOnDevice()) {
            store(own, firstRow, rows.address(), rows, count);
        } else {
            int size = rows.dtype().sizeBytes();
            int pieceRows = Math.max(1, PIECE_BYTES / (rows.rowStride() * size));
            long scratch = own.scratch((long) Math.min(pieceRows, count) * rows.rowStride() * size);
            for (int row = 0; row < count; row += pieceRows) {
                int piece = Math.min(pieceRows, count - row);
                copy(own, rows.rows(row, row + piece).bytes(), scratch);
                store(own, firstRow + row, scratch, rows, piece);
                // The scratch is filled anew.
                own.synchronize();
            }
        }
        own.synchronize();
    }

    private static void copy(CudaContext own, ByteBuffer from, long to) {
        try (BytePointer address = new BytePointer(from.duplicate().clear())) {
            Status.runtime(cudaMemcpyAsync(new DeviceAddress().at(to), address, from.capacity(), cudaMemcpyDefault,
                    own.stream()), "cudaMemcpyAsync");
        }
    }

    private void store(CudaContext own, int firstRow, long from, Tensor like, int count) {
        Kernel kernel = like.dtype() == type.dtype() ? fromOwn : fromF32;
        for (int done = 0; done < count;) {
            int row = firstRow + done;
            int part = Math.min(count - done, blocks.rowsFrom(row));
            long to = blocks.blockOf(row).address()
                    + (long) blocks.rowInBlock(row) * blocks.width() * type.sizeBytes();
            own.launch(kernel).pointer(from + (long) done * like.rowStride() * like.dtype().sizeBytes())
                    .number(like.rowStride()).number(part).number(width).pointer(to).number(blocks.width())
                    .pointer(largestSquare.address()).run(cuda.walkingBlocks(part, WARPS), 1, 1, WARPS, 0);
            done += part;
        }
    }
}
