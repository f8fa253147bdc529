package org.clip4j.image;

/** Resize and crop of modes P and 1: whole pixels are taken, then looked up. Belongs to one thread. */
final class NearestResampler {
    private byte[] raw = {};
    private byte[] rgb = {};
    private int[] columns = {};

    void resample(PixelImage image, ResizeGeometry geometry, int n, RowSink sink) {
        rgb = rgb.length == 3 * n ? rgb : new byte[3 * n];
        columns = columns.length == n ? columns : new int[n];
        int rawBytes = image.width() * image.pixelStride();
        raw = raw.length < rawBytes ? new byte[rawBytes] : raw;
        fillSources(image.width(), geometry);
        double scale = (double) image.height() / geometry.height();
        double position = scale * 0.5;
        for (int y = 0; y < geometry.top() + n; y++) {
            if (y >= geometry.top()) {
                image.copyPixels(Math.min((int) position, image.height() - 1), 0, image.width(), raw);
                lookUp(image);
                sink.row(y - geometry.top(), rgb);
            }
            position += scale; // accumulated, as Pillow's ImagingScaleAffine does
        }
    }

    private void fillSources(int width, ResizeGeometry geometry) {
        double scale = (double) width / geometry.width();
        double position = scale * 0.5;
        for (int x = 0; x < geometry.left() + columns.length; x++) {
            if (x >= geometry.left()) {
                columns[x - geometry.left()] = Math.min((int) position, width - 1);
            }
            position += scale;
        }
    }

    private void lookUp(PixelImage image) {
        byte[] palette = image.palette();
        for (int x = 0; x < columns.length; x++) {
            int value = raw[columns[x] * image.pixelStride() + image.bandOffset(0)] & 0xFF;
            if (palette == null) {
                ColorConversion.gray(rgb, 3 * x, (byte) (value == 0 ? 0 : 255));
            } else {
                rgb[3 * x] = palette[3 * value];
                rgb[3 * x + 1] = palette[3 * value + 1];
                rgb[3 * x + 2] = palette[3 * value + 2];
            }
        }
    }
}
