package org.clip4j.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.clip4j.kernels.PixelView;

/**
 * A decoded image: samples in the image's own {@link PixelMode}, row 0 on top, in a buffer outside the heap or in the
 * caller's own rows; of a {@link PixelWindow} of it at least. Sample {@code b} of pixel {@code (x, y)} lies at byte
 * {@code offsetBytes + (y - top) * rowStride + (x - left) * pixelStride + bandOffset(b)}.
 *
 * <p>The object is immutable, the samples are not copied: whoever made the buffer keeps it alive and unchanged while
 * this image is read. {@link #close} hands memory back to the codec that made it and is harmless elsewhere.
 */
public final class PixelImage implements AutoCloseable {
    private final PixelMode mode;
    private final int width;
    private final int height;
    private final ByteBuffer samples;
    private final PixelWindow window;
    private final int offsetBytes;
    private final int rowStride;
    private final int pixelStride;
    private final int[] bandOffsets;
    private final byte[] palette;
    private final PixelView colorView;
    private Runnable release;

    /** Tightly packed rows with bands in order; palette as in {@link #palette}, null for modes other than P. */
    public static PixelImage packed(PixelMode mode, int width, int height, ByteBuffer samples, byte[] palette) {
        int pixelStride = mode.bands() * mode.sampleBytes();
        Layout layout = new Layout(PixelWindow.whole(width, height), 0, Math.multiplyExact(width, pixelStride),
                pixelStride, bandsInOrder(mode));
        return new PixelImage(mode, width, height, samples, layout, palette, () -> {});
    }

    /**
     * Samples in a layout of their own.
     *
     * @param palette
     *            256 RGB triples for mode P, else null
     * @param release
     *            runs once, at {@link #close}
     */
    public PixelImage(PixelMode mode, int width, int height, ByteBuffer samples, Layout layout, byte[] palette,
            Runnable release) {
        this.mode = Objects.requireNonNull(mode, "mode");
        this.width = width;
        this.height = height;
        this.samples = samples.duplicate().order(ByteOrder.nativeOrder());
        this.window = layout.window();
        this.offsetBytes = layout.offsetBytes();
        this.rowStride = layout.rowStride();
        this.pixelStride = layout.pixelStride();
        this.bandOffsets = layout.bandOffsets();
        this.palette = palette;
        this.release = Objects.requireNonNull(release, "release");
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("image has no pixels: width=" + width + " height=" + height);
        }
        if (window.left() > width - window.width() || window.top() > height - window.height()) {
            throw new IllegalArgumentException("window lies outside the image: " + window + " width=" + width
                    + " height=" + height);
        }
        if ((mode == PixelMode.P) != (palette != null) || (palette != null && palette.length != 768)) {
            throw new IllegalArgumentException("palette must be 256 RGB triples for mode P and absent otherwise: mode="
                    + mode + " paletteBytes=" + (palette == null ? 0 : palette.length));
        }
        checkExtent();
        this.colorView = mode == PixelMode.RGB || mode == PixelMode.L ? viewOfColors() : null;
    }

    private PixelView viewOfColors() {
        int last = bandOffsets.length - 1;
        return new PixelView(samples, offsetBytes, rowStride, pixelStride, window.left(), window.top(),
                window.width(), window.height(), bandOffsets[0], bandOffsets[Math.min(1, last)], bandOffsets[last]);
    }

    private void checkExtent() {
        int lastBand = 0;
        for (int offset : bandOffsets) {
            lastBand = Math.max(lastBand, offset);
        }
        long pixelEnd = (window.width() - 1L) * pixelStride + lastBand + mode.sampleBytes();
        long end = offsetBytes + (window.height() - 1L) * rowStride + pixelEnd;
        if (rowStride < pixelEnd && window.height() > 1) {
            throw new IllegalArgumentException(
                    "row stride is shorter than a row: rowStride=" + rowStride + " expected>="
                            + pixelEnd + " width=" + width);
        }
        if (end > samples.limit()) {
            throw new IllegalArgumentException("buffer is too short for the image: expected>=" + end + " limit="
                    + samples.limit() + " width=" + width + " height=" + height + " rowStride=" + rowStride);
        }
    }

    private static int[] bandsInOrder(PixelMode mode) {
        int[] offsets = new int[mode.bands()];
        for (int band = 0; band < offsets.length; band++) {
            offsets[band] = band;
        }
        return offsets;
    }

    /** How the samples are to be read. */
    public PixelMode mode() {
        return mode;
    }

    /** Pixels per row. */
    public int width() {
        return width;
    }

    /** Rows. */
    public int height() {
        return height;
    }

    /** The pixels that are there. */
    public PixelWindow window() {
        return window;
    }

    /** 256 RGB triples, missing entries black; null unless the mode is P. Not a copy; do not write. */
    byte[] palette() {
        return palette;
    }

    /** Where the samples lie, for modes that are resized as they are and then RGB or gray; null for others. */
    PixelView colorView() {
        return colorView;
    }

    int pixelStride() {
        return pixelStride;
    }

    int bandOffset(int band) {
        return bandOffsets[band];
    }

    /** Copies the raw bytes of pixels {@code from} to {@code to - 1} of a row, at pixel stride. */
    void copyPixels(int row, int from, int to, byte[] target) {
        int lastBand = 0;
        for (int offset : bandOffsets) {
            lastBand = Math.max(lastBand, offset);
        }
        int length = (to - from - 1) * pixelStride + lastBand + mode.sampleBytes();
        samples.get(byteOf(from, row), target, 0, length);
    }

    private int byteOf(int x, int y) {
        return offsetBytes + (y - window.top()) * rowStride + (x - window.left()) * pixelStride;
    }

    /** Sample of one band, unsigned, of a pixel in the window. Slow; for tests and odd jobs. */
    public int sample(int x, int y, int band) {
        Objects.checkIndex(x - window.left(), window.width());
        Objects.checkIndex(y - window.top(), window.height());
        int at = byteOf(x, y) + bandOffsets[Objects.checkIndex(band, mode.bands())];
        return mode.sampleBytes() == 2 ? samples.getShort(at) & 0xFFFF : samples.get(at) & 0xFF;
    }

    /** Gives the samples back to whoever decoded them; the image must not be read afterwards. */
    @Override
    public void close() {
        Runnable once = release;
        release = () -> {};
        once.run();
    }

    @Override
    public String toString() {
        return "PixelImage[" + mode + " " + width + "x" + height + "]";
    }

    /**
     * Where the samples lie.
     *
     * @param window
     *            the pixels that are there
     * @param offsetBytes
     *            byte of the window's first pixel
     * @param rowStride
     *            bytes from a row to the next
     * @param pixelStride
     *            bytes from a pixel to the next
     * @param bandOffsets
     *            byte of each band within a pixel
     */
    @SuppressWarnings("ArrayRecordComponent") // a value handed over once, never compared
    public record Layout(PixelWindow window, int offsetBytes, int rowStride, int pixelStride, int[] bandOffsets) {}
}
