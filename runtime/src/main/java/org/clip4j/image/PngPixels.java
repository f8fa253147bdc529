package org.clip4j.image;

import java.nio.ByteBuffer;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * Pixels of a PNG file: zlib's output, unfiltered row by row (W3C PNG, clause 9) and put straight into memory outside
 * the heap, which holds two rows. The JDK's own PNG reader would take several times as long for that, because it writes
 * to foreign rasters pixel by pixel.
 */
final class PngPixels {
    /** First column, first row, column step, row step of the seven passes (W3C PNG, clause 8, Adam7). */
    private static final int[][] ADAM7 = {{0, 0, 8, 8}, {4, 0, 8, 8}, {0, 4, 4, 8}, {2, 0, 4, 4}, {0, 2, 2, 4},
            {1, 0, 2, 2}, {0, 1, 1, 2}};
    private static final int[][] WHOLE = {{0, 0, 1, 1}};

    private final PngStream png;
    private final PixelMode mode;
    private final int storedBands;
    private final int bitDepth;
    private final ByteBuffer samples;
    private final byte[] pixels;

    private PngPixels(PngStream png, ByteBuffer samples) {
        this.png = png;
        this.mode = png.mode();
        this.storedBands = png.storedBands();
        this.bitDepth = png.bitDepth();
        this.samples = samples;
        this.pixels = new byte[Math.multiplyExact(png.width(), mode.bands() * mode.sampleBytes())];
    }

    /** Decodes into packed samples of the file's mode. */
    static void decode(PngStream png, ByteBuffer samples) {
        Inflater inflater = new Inflater();
        try {
            PngPixels decoder = new PngPixels(png, samples);
            for (int[] pass : png.isInterlaced() ? ADAM7 : WHOLE) {
                decoder.pass(inflater, pass[0], pass[1], pass[2], pass[3]);
            }
        } finally {
            inflater.end();
        }
    }

    private void pass(Inflater inflater, int firstX, int firstY, int stepX, int stepY) {
        int columns = (png.width() - firstX + stepX - 1) / stepX;
        if (columns < 1) {
            return;
        }
        int bitsPerPixel = storedBands * bitDepth;
        int rowBytes = Math.toIntExact(((long) columns * bitsPerPixel + 7) / 8);
        int pixelBytes = Math.max(1, bitsPerPixel / 8);
        byte[] current = new byte[rowBytes + 1];
        byte[] previous = new byte[rowBytes + 1];
        for (int y = firstY; y < png.height(); y += stepY) {
            inflate(inflater, current, y);
            unfilter(current, previous, pixelBytes, y);
            expand(current, columns);
            store(y, firstX, stepX, columns);
            byte[] swap = previous;
            previous = current;
            current = swap;
        }
    }

    private void inflate(Inflater inflater, byte[] row, int y) {
        int filled = 0;
        try {
            while (filled < row.length) {
                int n = inflater.inflate(row, filled, row.length - filled);
                filled += n;
                if (n == 0) {
                    ByteBuffer more = inflater.finished() || inflater.needsDictionary() ? null : png.nextData();
                    if (more == null) {
                        throw png.corrupt("image data ends early, row=" + y + " height=" + png.height());
                    }
                    inflater.setInput(more);
                }
            }
        } catch (DataFormatException e) {
            throw new ImageFormatException(png.corrupt("image data, row=" + y).getMessage() + " (" + e.getMessage()
                    + ")", e);
        }
    }

    private void unfilter(byte[] row, byte[] above, int pixelBytes, int y) {
        switch (row[0]) {
            case 0 -> {
                // stored as it is
            }
            case 1 -> {
                for (int i = 1 + pixelBytes; i < row.length; i++) {
                    row[i] += row[i - pixelBytes];
                }
            }
            case 2 -> {
                for (int i = 1; i < row.length; i++) {
                    row[i] += above[i];
                }
            }
            case 3 -> {
                for (int i = 1; i < row.length; i++) {
                    int left = i > pixelBytes ? row[i - pixelBytes] & 0xFF : 0;
                    row[i] += (byte) ((left + (above[i] & 0xFF)) >> 1);
                }
            }
            case 4 -> paeth(row, above, pixelBytes);
            default -> throw png.corrupt("filter=" + (row[0] & 0xFF) + " expected=0..4 row=" + y);
        }
    }

    private static void paeth(byte[] row, byte[] above, int pixelBytes) {
        int start = Math.min(1 + pixelBytes, row.length);
        for (int i = 1; i < start; i++) {
            row[i] += above[i];
        }
        for (int i = start; i < row.length; i++) {
            int a = row[i - pixelBytes] & 0xFF;
            int b = above[i] & 0xFF;
            int c = above[i - pixelBytes] & 0xFF;
            int pa = Math.abs(b - c);
            int pb = Math.abs(a - c);
            int pc = Math.abs(a + b - 2 * c);
            row[i] += (byte) (pa <= pb && pa <= pc ? a : pb <= pc ? b : c);
        }
    }

    /** From stored samples to those of the mode. */
    private void expand(byte[] row, int columns) {
        if (bitDepth == 8) {
            System.arraycopy(row, 1, pixels, 0, columns * storedBands);
        } else if (bitDepth < 8) {
            int max = (1 << bitDepth) - 1;
            int scale = mode == PixelMode.L ? 255 / max : 1;
            for (int x = 0; x < columns; x++) {
                int bit = x * bitDepth;
                pixels[x] = (byte) (((row[1 + bit / 8] >> (8 - bitDepth - bit % 8)) & max) * scale);
            }
        } else if (mode == PixelMode.I) {
            boolean little = samples.order() == java.nio.ByteOrder.LITTLE_ENDIAN;
            for (int i = 0; i < 2 * columns; i += 2) {
                pixels[i] = row[little ? i + 2 : i + 1];
                pixels[i + 1] = row[little ? i + 1 : i + 2];
            }
        } else if (storedBands == 2) { // 16-bit gray with alpha becomes RGBA
            for (int x = 0; x < columns; x++) {
                ColorConversion.gray(pixels, 4 * x, row[1 + 4 * x]);
                pixels[4 * x + 3] = row[3 + 4 * x];
            }
        } else {
            for (int i = 0; i < columns * storedBands; i++) {
                pixels[i] = row[1 + 2 * i]; // the high byte
            }
        }
    }

    private void store(int y, int firstX, int stepX, int columns) {
        int pixelBytes = mode.bands() * mode.sampleBytes();
        int at = (y * png.width() + firstX) * pixelBytes;
        if (stepX == 1) {
            samples.put(at, pixels, 0, columns * pixelBytes);
            return;
        }
        for (int x = 0; x < columns; x++) {
            for (int i = 0; i < pixelBytes; i++) {
                samples.put(at + x * stepX * pixelBytes + i, pixels[x * pixelBytes + i]);
            }
        }
    }
}
