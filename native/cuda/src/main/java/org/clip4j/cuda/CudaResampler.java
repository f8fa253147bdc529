package org.clip4j.cuda;

import java.nio.ByteBuffer;
import java.util.Objects;
import org.bytedeco.javacpp.Pointer;
import org.clip4j.kernels.MemoryAllocator;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.PixelView;
import org.clip4j.kernels.PlaneResamplerProvider;
import org.clip4j.kernels.ResampleAxis;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TensorResampler;

/**
 * Rows of pixels through pinned memory to the card, some at a time, where one kernel makes them narrow and another one
 * makes planes of them; see native/cuda/src/main/cuda/resample.cuh. What lies between is scratch memory of the
 * session's.
 */
final class CudaResampler implements TensorResampler {
    private static final int WARPS = 8;
    private static final int COLORS = 3;
    /** Enough for most images; of larger ones some rows are computed while others are copied. */
    private static final int STAGING_BYTES = 16 << 20;
    /** What the next rows begin at a multiple of. */
    private static final int ALIGNMENT_BYTES = 256;

    private final CudaContext session;
    private final CudaDevice cuda;
    private final int size;
    private final Kernel rowKernel;
    private final Kernel columnKernel;
    private final Pointer levels; // [3,256]
    private MemoryAllocator.Block staging; // pinned
    private Pointer pixelsOnCard; // as large as the staging
    private int stagingBytes;
    private int usedBytes;
    private boolean closed;

    CudaResampler(CudaContext session, CudaDevice cuda, int size, float[] newLevels) {
        int count = COLORS * PlaneResamplerProvider.LEVELS;
        if (newLevels.length != count) {
            throw new IllegalArgumentException("levels of another number of samples: expected=" + count + " actual="
                    + newLevels.length);
        }
        this.session = session;
        this.cuda = cuda;
        this.size = size;
        rowKernel = cuda.kernel("resample_rows_u8");
        columnKernel = cuda.kernel("resample_columns_f32");
        levels = cuda.memory().allocate((long) count * Float.BYTES);
        boolean complete = false;
        try {
            reserve(count * Float.BYTES);
            staging.bytes().asFloatBuffer().put(newLevels);
            session.send(staging.address(), levels.address(), (long) count * Float.BYTES);
            usedBytes = count * Float.BYTES;
            complete = true;
        } finally {
            if (!complete) {
                freeStaging();
                cuda.memory().free(levels);
            }
        }
    }

    @Override
    public void resample(PixelView pixels, ResampleAxis columns, ResampleAxis rows, Tensor images, int image) {
        if (closed) {
            throw new IllegalStateException("the resampler is closed");
        }
        CudaContext.of(session);
        Operands.checkResample(pixels, columns, rows, size);
        int planeElements = COLORS * size * size;
        CudaContext.requireF32("images", images);
        Operands.requireImages("images", images, Math.addExact(Objects.checkIndex(image, Integer.MAX_VALUE), 1),
                planeElements);
        int height = rows.to() - rows.from();
        long lines = session.scratch((long) height * COLORS * size);
        narrow(pixels, columns, rows, lines);
        session.launch(columnKernel).pointer(lines).pointer(session.numbers(rows.first(), size))
                .pointer(session.numbers(rows.taps(), size)).pointer(session.numbers(rows.start(), size))
                .pointer(session.numbers(rows.weights(), rows.weights().length)).number(rows.from()).number(size)
                .pointer(levels.address())
                .pointer(images.address() + (long) image * planeElements * Float.BYTES)
                .run(cuda.walkingBlocks(planeElements, WARPS * Launch.WARP), 1, 1, WARPS, 0);
        session.launched();
    }

    /** Rows that the result needs, horizontally resampled: [rows, 3, n] bytes at {@code lines}. */
    private void narrow(PixelView pixels, ResampleAxis columns, ResampleAxis rows, long lines) {
        long first = session.numbers(columns.first(), size);
        long taps = session.numbers(columns.taps(), size);
        long start = session.numbers(columns.start(), size);
        long weights = session.numbers(columns.weights(), columns.weights().length);
        int stride = Math.multiplyExact(columns.to() - columns.from(), pixels.pixelStride());
        int height = rows.to() - rows.from();
        int done = 0;
        while (done < height) {
            int at = reserve((int) Math.min((long) (height - done) * stride, Math.max(stride, STAGING_BYTES)));
            int count = Math.min(height - done, (stagingBytes - at) / stride);
            copy(pixels, columns, rows.from() + done, count, at, stride);
            session.send(staging.address() + at, pixelsOnCard.address() + at, (long) count * stride);
            usedBytes = at + count * stride;
            session.launch(rowKernel).pointer(pixelsOnCard.address() + at).number(stride).number(pixels.pixelStride())
                    .number(pixels.red()).number(pixels.green()).number(pixels.blue()).pointer(first).pointer(taps)
                    .pointer(start).pointer(weights).number(columns.from()).number(count).number(size)
                    .pointer(lines + (long) done * COLORS * size)
                    .run(cuda.walkingBlocks((long) count * size, WARPS * Launch.WARP), 1, 1, WARPS, 0);
            done += count;
        }
    }

    /** Where in the staging so many bytes are free; waits for the card where they are not. */
    private int reserve(int bytes) {
        int at = (usedBytes + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
        if (at <= stagingBytes - bytes) {
            return at;
        }
        session.waitForWork();
        usedBytes = 0;
        if (bytes > stagingBytes) {
            freeStaging();
            int grown = Math.max(STAGING_BYTES, bytes);
            staging = cuda.pinned().allocate(grown);
            pixelsOnCard = cuda.memory().allocate((long) grown);
            stagingBytes = grown;
        }
        return 0;
    }

    private void copy(PixelView pixels, ResampleAxis columns, int firstRow, int count, int at, int stride) {
        ByteBuffer source = pixels.samples();
        if (source.limit() < source.capacity()) {
            source = source.duplicate().clear(); // a view counts bytes of the whole buffer
        }
        int last = Math.max(pixels.red(), Math.max(pixels.green(), pixels.blue()));
        // Behind the last sample there may be nothing.
        int length = stride - pixels.pixelStride() + last + 1;
        int from = pixels.offsetBytes() + (firstRow - pixels.top()) * pixels.rowStride()
                + (columns.from() - pixels.left()) * pixels.pixelStride();
        for (int y = 0; y < count; y++) {
            staging.bytes().put(at + y * stride, source, from + y * pixels.rowStride(), length);
        }
    }

    private void freeStaging() {
        if (staging != null) {
            staging.release().run();
            staging = null;
        }
        if (pixelsOnCard != null) {
            cuda.memory().free(pixelsOnCard);
            pixelsOnCard = null;
        }
        stagingBytes = 0;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        closed = true;
        try {
            session.synchronize();
        } finally {
            freeStaging();
            cuda.memory().free(levels);
        }
    }
}
