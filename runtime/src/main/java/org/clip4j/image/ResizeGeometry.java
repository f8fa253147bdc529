package org.clip4j.image;

/**
 * Size after the resize of the shorter edge to n, and the square that is cropped from its centre.
 *
 * @param width
 *            resized width in pixels
 * @param height
 *            resized height in pixels
 * @param left
 *            first column kept
 * @param top
 *            first row kept
 */
record ResizeGeometry(int width, int height, int left, int top) {

    static ResizeGeometry of(int imageWidth, int imageHeight, int n) {
        // torchvision 0.14, transforms.Resize: int(n * long / short), a double division cut toward zero
        long w = imageWidth <= imageHeight ? n : (long) ((double) ((long) n * imageWidth) / imageHeight);
        long h = imageWidth <= imageHeight ? (long) ((double) ((long) n * imageHeight) / imageWidth) : n;
        if (w > Integer.MAX_VALUE || h > Integer.MAX_VALUE) {
            throw new ImageFormatException("image is too narrow to resize: width=" + imageWidth + " height="
                    + imageHeight + " resized=" + w + "x" + h);
        }
        // CenterCrop: int(round((w - n) / 2.0)), Python rounds half to even as rint does
        return new ResizeGeometry((int) w, (int) h, (int) Math.rint((w - n) / 2.0), (int) Math.rint((h - n) / 2.0));
    }

    boolean keepsSizeOf(PixelImage image) {
        return width == image.width() && height == image.height();
    }
}
