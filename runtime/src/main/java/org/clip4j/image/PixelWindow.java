package org.clip4j.image;

/**
 * The part of an image that will be read.
 *
 * @param left
 *            first column
 * @param top
 *            first row
 * @param width
 *            columns
 * @param height
 *            rows
 */
public record PixelWindow(int left, int top, int width, int height) {

    /** Checks that there is a pixel. */
    public PixelWindow {
        if (left < 0 || top < 0 || width < 1 || height < 1) {
            throw new IllegalArgumentException("window has no pixels: left=" + left + " top=" + top + " width=" + width
                    + " height=" + height);
        }
    }

    static PixelWindow whole(int width, int height) {
        return new PixelWindow(0, 0, width, height);
    }
}
