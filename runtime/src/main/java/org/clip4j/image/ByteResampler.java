package org.clip4j.image;

/**
 * Resize and crop of images with bytes as samples: horizontal pass, rounding to bytes, vertical pass. Rows stream
 * through: each is resampled horizontally once and added to the few output rows that it touches, so that no
 * intermediate image exists.
 *
 * <p>Two channels share one long in the horizontal pass: with signed 32-bit sums, low and high half separate exactly.
 * Holds scratch of a few rows; belongs to one thread.
 */
final class ByteResampler {
    private byte[] raw = {};
    private long[] pairA = {};
    private long[] pairB = {};
    private int[] row = {};
    private int[] sums = {};
    private byte[] finished = {};
    private byte[] rgb = {};

    void resample(PixelImage image, ResampleTable columns, ResampleTable rows, boolean resized, RowSink sink) {
        int bands = image.mode().bands();
        int samples = columns.count * bands;
        boolean premultiply = resized && image.mode().hasAlpha();
        reserve(image, columns, rows, samples);
        int done = 0;
        for (int y = rows.inFrom; y < rows.inTo; y++) {
            load(image, y, columns, premultiply);
            horizontal(columns, bands);
            if (rows.isIdentity()) {
                toBytes(row, samples);
                finish(image.mode(), premultiply, y - rows.inFrom, sink);
                continue;
            }
            for (int o = done; o < rows.count && rows.lo[o] <= y; o++) {
                int slot = o % rows.overlap * samples;
                if (rows.lo[o] == y) {
                    java.util.Arrays.fill(sums, slot, slot + samples, ResampleTable.HALF);
                }
                addScaled(sums, slot, row, samples, rows.fixed[rows.start[o] + y - rows.lo[o]]);
            }
            while (done < rows.count && rows.lo[done] + rows.taps[done] - 1 == y) {
                toBytes(sums, done % rows.overlap * samples, samples);
                finish(image.mode(), premultiply, done, sink);
                done++;
            }
        }
    }

    private void reserve(PixelImage image, ResampleTable columns, ResampleTable rows, int samples) {
        int pixels = columns.inTo - columns.inFrom;
        if (pairA.length < pixels) {
            pairA = new long[pixels];
            pairB = new long[pixels];
        }
        if (raw.length < pixels * image.pixelStride()) {
            raw = new byte[pixels * image.pixelStride()];
        }
        if (row.length < samples) {
            row = new int[samples];
            finished = new byte[samples];
        }
        if (sums.length < samples * rows.overlap) {
            sums = new int[samples * rows.overlap];
        }
        if (rgb.length != 3 * columns.count) {
            rgb = new byte[3 * columns.count];
        }
    }

    /** Unpacks the columns that are needed: bands 0 and 1 into pairA, 2 and 3 into pairB. */
    private void load(PixelImage image, int y, ResampleTable columns, boolean premultiply) {
        int pixels = columns.inTo - columns.inFrom;
        image.copyPixels(y, columns.inFrom, columns.inTo, raw);
        int stride = image.pixelStride();
        int bands = image.mode().bands();
        int b0 = image.bandOffset(0);
        if (premultiply) {
            loadPremultiplied(image, pixels);
        } else if (bands == 1) {
            for (int x = 0, at = b0; x < pixels; x++, at += stride) {
                pairA[x] = raw[at] & 0xFFL;
            }
        } else if (bands == 2) {
            int b1 = image.bandOffset(1);
            for (int x = 0, at = 0; x < pixels; x++, at += stride) {
                pairA[x] = (raw[at + b0] & 0xFFL) | ((raw[at + b1] & 0xFFL) << 32);
            }
        } else {
            int b1 = image.bandOffset(1);
            int b2 = image.bandOffset(2);
            for (int x = 0, at = 0; x < pixels; x++, at += stride) {
                pairA[x] = (raw[at + b0] & 0xFFL) | ((raw[at + b1] & 0xFFL) << 32);
                pairB[x] = raw[at + b2] & 0xFFL;
            }
            if (bands == 4) {
                int b3 = image.bandOffset(3);
                for (int x = 0, at = b3; x < pixels; x++, at += stride) {
                    pairB[x] |= (raw[at] & 0xFFL) << 32;
                }
            }
        }
    }

    private void loadPremultiplied(PixelImage image, int pixels) {
        int stride = image.pixelStride();
        int bands = image.mode().bands();
        int alphaOffset = image.bandOffset(bands - 1);
        for (int x = 0, at = 0; x < pixels; x++, at += stride) {
            int alpha = raw[at + alphaOffset] & 0xFF;
            long c0 = multiply255(raw[at + image.bandOffset(0)] & 0xFF, alpha);
            if (bands == 2) {
                pairA[x] = c0 | ((long) alpha << 32);
            } else {
                pairA[x] = c0 | ((long) multiply255(raw[at + image.bandOffset(1)] & 0xFF, alpha) << 32);
                pairB[x] = multiply255(raw[at + image.bandOffset(2)] & 0xFF, alpha) | ((long) alpha << 32);
            }
        }
    }

    private void horizontal(ResampleTable columns, int bands) {
        if (columns.isIdentity()) {
            for (int o = 0; o < columns.count; o++) {
                separate(o, bands, pairA[o], pairB[o]);
            }
            return;
        }
        for (int o = 0; o < columns.count; o++) {
            int from = columns.lo[o] - columns.inFrom;
            if (bands > 2) {
                dotBoth(o, bands, from, columns);
            } else {
                separate(o, bands, dot(pairA, from, columns.fixed, columns.start[o], columns.taps[o]), 0);
            }
        }
        roundToBytes(row, columns.count * bands);
    }

    private void dotBoth(int o, int bands, int from, ResampleTable columns) {
        long[] first = pairA;
        long[] second = pairB;
        int[] weights = columns.fixed;
        int start = columns.start[o];
        int taps = columns.taps[o];
        long a = 0;
        long b = 0;
        for (int j = 0; j < taps; j++) {
            long weight = weights[start + j];
            a += first[from + j] * weight;
            b += second[from + j] * weight;
        }
        separate(o, bands, a, b);
    }

    private static long dot(long[] pixels, int from, int[] weights, int start, int taps) {
        long sum = 0;
        for (int j = 0; j < taps; j++) {
            sum += pixels[from + j] * weights[start + j];
        }
        return sum;
    }

    /** Splits pairs of sums into the row: the low half is a signed int, what remains is the high one. */
    private void separate(int o, int bands, long a, long b) {
        int at = o * bands;
        int low = (int) a;
        row[at] = low;
        if (bands > 1) {
            row[at + 1] = (int) ((a - low) >> 32);
        }
        if (bands > 2) {
            low = (int) b;
            row[at + 2] = low;
            if (bands > 3) {
                row[at + 3] = (int) ((b - low) >> 32);
            }
        }
    }

    private static void roundToBytes(int[] values, int count) {
        for (int i = 0; i < count; i++) {
            int value = (values[i] + ResampleTable.HALF) >> ResampleTable.PRECISION_BITS;
            values[i] = Math.max(0, Math.min(255, value));
        }
    }

    private static void addScaled(int[] sums, int at, int[] row, int count, int weight) {
        for (int i = 0; i < count; i++) {
            sums[at + i] += row[i] * weight;
        }
    }

    private void toBytes(int[] values, int count) {
        for (int i = 0; i < count; i++) {
            finished[i] = (byte) values[i];
        }
    }

    private void toBytes(int[] values, int at, int count) {
        for (int i = 0; i < count; i++) {
            int value = values[at + i] >> ResampleTable.PRECISION_BITS;
            finished[i] = (byte) Math.max(0, Math.min(255, value));
        }
    }

    private void finish(PixelMode mode, boolean premultiplied, int y, RowSink sink) {
        ColorConversion.toRgb(mode, premultiplied, finished, rgb);
        sink.row(y, rgb);
    }

    /** a * b / 255, rounded, without a division: Pillow's MULDIV255. */
    static int multiply255(int a, int b) {
        int t = a * b + 128;
        return ((t >> 8) + t) >> 8;
    }
}
