package org.clip4j.kernels;

import java.nio.ByteBuffer;

/**
 * Where the 8-bit samples of an image lie: those of pixels from ({@code left}, {@code top}) on, {@code width} x
 * {@code height} of them. Red of pixel (x, y) is at byte
 * {@code offsetBytes + (y - top) * rowStride + (x - left) * pixelStride + red}. A view: whoever made the buffer keeps it
 * alive and unchanged while it is read.
 *
 * @param samples positions and limits do not matter, all of its capacity may be read
 * @param offsetBytes byte of the first pixel
 * @param rowStride bytes from a row to the next
 * @param pixelStride bytes from a pixel to the next
 * @param left column of the first pixel
 * @param top row of the first pixel
 * @param width columns that are there
 * @param height rows that are there
 * @param red byte of the sample within its pixel, and so are the others; one and the same for gray
 */
public record PixelView(ByteBuffer samples, int offsetBytes, int rowStride, int pixelStride, int left, int top,
        int width, int height, int red, int green, int blue) {

    /** Checks that all pixels lie in the buffer. */
    public PixelView {
        int last = Math.max(red, Math.max(green, blue));
        long pixelEnd = (width - 1L) * pixelStride + last + 1;
        long end = offsetBytes + (height - 1L) * rowStride + pixelEnd;
        if (width < 1 || height < 1 || offsetBytes < 0 || last >= pixelStride
                || Math.min(red, Math.min(green, blue)) < 0
                || end > samples.capacity() || (rowStride < pixelEnd && height > 1)) {
            throw new IllegalArgumentException("pixels do not lie in the buffer: width=" + width + " height=" + height
                    + " offsetBytes=" + offsetBytes + " rowStride=" + rowStride + " pixelStride=" + pixelStride
                    + " bands=" + red + "," + green + "," + blue + " capacity=" + samples.capacity());
        }
    }

    /** Whether a range of columns and rows, the ends exclusive, is there. */
    public boolean has(int fromX, int toX, int fromY, int toY) {
        return fromX >= left && toX - left <= width && fromY >= top && toY - top <= height;
    }
}
