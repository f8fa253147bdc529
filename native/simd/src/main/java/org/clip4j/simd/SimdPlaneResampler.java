package org.clip4j.simd;

import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Objects;
import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.PixelView;
import org.clip4j.kernels.PlaneResampler;
import org.clip4j.kernels.PlaneResamplerProvider;
import org.clip4j.kernels.ResampleAxis;

/** Pixels to planes by the library, from direct buffers to direct buffers; see src/main/cpp/resample.h. */
final class SimdPlaneResampler implements PlaneResampler {
    private static final int PIXEL_BYTES = 4;
    /** Rows that the horizontal pass computes at once: resample.h, ROWS. */
    private static final int ROWS = 4;
    /** Multiple of the bytes that the vertical pass computes at once. */
    private static final int STRIDE_MULTIPLE = 64;

    private final long kernels;
    private final int size;
    private final SimdAxis packedColumns;
    private final SimdAxis packedRows;
    private final GrowingBlock rows;
    private final GrowingBlock levels;
    private final long levelsAddress;
    private final int ringStride;
    private boolean closed;

    /**
     * The library is loaded.
     *
     * @param kernels of {@link SimdLibrary#kernels}
     */
    SimdPlaneResampler(long kernels, int size, float[] levels) {
        Objects.checkFromIndexSize(0, 3 * PlaneResamplerProvider.LEVELS, levels.length);
        NativeMemory memory = new NativeMemory();
        this.kernels = kernels;
        this.size = size;
        this.packedColumns = new SimdAxis(kernels, memory, true);
        this.packedRows = new SimdAxis(kernels, memory, false);
        this.rows = new GrowingBlock(memory);
        this.levels = new GrowingBlock(memory);
        this.ringStride = wholeLines(PIXEL_BYTES * size);
        this.levelsAddress = this.levels.reserve((long) levels.length * Float.BYTES);
        this.levels.bytes().asFloatBuffer().put(levels);
    }

    @Override
    public String description() {
        return "C++ for " + SimdLibrary.name(kernels);
    }

    private static int wholeLines(int bytes) {
        return (bytes + STRIDE_MULTIPLE - 1) / STRIDE_MULTIPLE * STRIDE_MULTIPLE;
    }

    @Override
    public boolean accepts(PixelView pixels, FloatBuffer planes) {
        int stride = pixels.pixelStride();
        return (stride == 1 || stride == 3 || stride == PIXEL_BYTES) && pixels.samples().isDirect()
                && planes.isDirect() && planes.order() == ByteOrder.nativeOrder();
    }

    @Override
    public void resample(PixelView pixels, ResampleAxis columns, ResampleAxis rows, FloatBuffer planes, int offset) {
        if (closed) {
            throw new IllegalStateException("the resampler is closed");
        }
        if (!accepts(pixels, planes)) {
            throw new IllegalArgumentException("pixels and planes must lie in direct buffers: pixels=" + pixels
                    + " planesDirect=" + planes.isDirect());
        }
        Operands.checkResample(pixels, columns, rows, size);
        Objects.checkFromIndexSize(offset, 3L * size * size, planes.limit());
        packedColumns.set(columns);
        packedRows.set(rows);
        int ringRows = Integer.highestOneBit(rows.mostTaps() + ROWS) * 2;
        int unpackedStride = wholeLines(PIXEL_BYTES * (columns.to() - columns.from() + SimdAxis.TAPS_MULTIPLE));
        long ring = this.rows.reserve((ringRows + 1L) * ringStride + (long) ROWS * unpackedStride);
        long row = ring + (long) ringRows * ringStride;
        long firstPixel = pixels.offsetBytes() - (long) pixels.top() * pixels.rowStride()
                - (long) pixels.left() * pixels.pixelStride();
        SimdLibrary.resample(kernels, pixels.samples(), firstPixel, pixels.rowStride(), pixels.pixelStride(),
                pixels.red(), pixels.green(), pixels.blue(), columns.from(), columns.to(), rows.to(), size,
                packedColumns.weightsAddress(), packedColumns.paddedTaps(), packedColumns.packedAddress(),
                packedRows.weightsAddress(), packedRows.paddedTaps(), packedRows.packedAddress(), ring, ringRows,
                ringStride, row, row + ringStride, unpackedStride, levelsAddress, planes, offset);
    }

    @Override
    public void close() {
        closed = true;
        packedColumns.close();
        packedRows.close();
        rows.close();
        levels.close();
    }
}
