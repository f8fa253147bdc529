package org.clip4j.image;

import java.util.Arrays;

/**
 * Resize and crop of mode I: weights and sums in double, rounded to integers between the passes and clamped to 0..255
 * after them. Streams rows as {@link ByteResampler} does; belongs to one thread.
 */
final class WideResampler {
    private byte[] raw = {};
    private int[] row = {};
    private double[] sums = {};
    private byte[] rgb = {};

    void resample(PixelImage image, ResampleTable columns, ResampleTable rows, RowSink sink) {
        int count = columns.count;
        row = row.length < count ? new int[count] : row;
        sums = sums.length < count * rows.overlap ? new double[count * rows.overlap] : sums;
        rgb = rgb.length == 3 * count ? rgb : new byte[3 * count];
        int rawBytes = (columns.inTo - columns.inFrom) * image.pixelStride();
        raw = raw.length < rawBytes ? new byte[rawBytes] : raw;
        int done = 0;
        for (int y = rows.inFrom; y < rows.inTo; y++) {
            image.copyPixels(y, columns.inFrom, columns.inTo, raw);
            horizontal(image, columns);
            if (rows.isIdentity()) {
                for (int x = 0; x < count; x++) {
                    ColorConversion.gray(rgb, 3 * x, clamp(row[x]));
                }
                sink.row(y - rows.inFrom, rgb);
                continue;
            }
            for (int o = done; o < rows.count && rows.lo[o] <= y; o++) {
                int slot = o % rows.overlap * count;
                if (rows.lo[o] == y) {
                    Arrays.fill(sums, slot, slot + count, 0.0);
                }
                double weight = rows.weights[rows.start[o] + y - rows.lo[o]];
                for (int x = 0; x < count; x++) {
                    sums[slot + x] += row[x] * weight;
                }
            }
            while (done < rows.count && rows.lo[done] + rows.taps[done] - 1 == y) {
                int slot = done % rows.overlap * count;
                for (int x = 0; x < count; x++) {
                    ColorConversion.gray(rgb, 3 * x, clamp(round(sums[slot + x])));
                }
                sink.row(done++, rgb);
            }
        }
    }

    private void horizontal(PixelImage image, ResampleTable columns) {
        int stride = image.pixelStride();
        for (int o = 0; o < columns.count; o++) {
            if (columns.isIdentity()) {
                row[o] = sample(o * stride);
                continue;
            }
            double sum = 0.0;
            int at = (columns.lo[o] - columns.inFrom) * stride;
            for (int j = 0; j < columns.taps[o]; j++) {
                sum += sample(at + j * stride) * columns.weights[columns.start[o] + j];
            }
            row[o] = round(sum);
        }
    }

    private int sample(int at) {
        int a = raw[at] & 0xFF;
        int b = raw[at + 1] & 0xFF;
        return java.nio.ByteOrder.nativeOrder() == java.nio.ByteOrder.LITTLE_ENDIAN ? a | (b << 8) : (a << 8) | b;
    }

    /** Half away from zero: Pillow's ROUND_UP. */
    private static int round(double value) {
        return value >= 0.0 ? (int) Math.floor(value + 0.5) : -(int) Math.floor(Math.abs(value) + 0.5);
    }

    private static byte clamp(int value) {
        return (byte) Math.max(0, Math.min(255, value));
    }
}
