package org.clip4j.cli;

import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.clip4j.image.Image;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;

/** A small square picture, for charts and terminals. Holds its array, does not copy it. */
final class Thumbnail {
    /** Pixels in a row and in a column; a multiple of {@link #COLUMNS}. */
    static final int SIDE = 96;
    /** Characters that it is wide in a terminal; half as many lines. */
    static final int COLUMNS = 16;

    private static final String UPPER_HALF = "\u2580";

    private final byte[] rgb;

    /**
     * Takes a picture.
     *
     * @param rgb [{@value #SIDE},{@value #SIDE},3], rows from the top
     */
    Thumbnail(byte[] rgb) {
        if (rgb.length != 3 * SIDE * SIDE) {
            throw new IllegalArgumentException("thumbnail has a wrong size: expectedBytes=" + 3 * SIDE * SIDE
                    + " actualBytes=" + rgb.length);
        }
        this.rgb = rgb;
    }

    /** [{@value #SIDE},{@value #SIDE},3], rows from the top; not to be changed. */
    byte[] rgb() {
        return rgb;
    }

    /** Those of image files, cut to their middle; null for an image that has failed. */
    static List<Thumbnail> of(List<Embedded> images) {
        Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(SIDE));
        ByteBuffer pixels = ByteBuffer.allocateDirect(3 * SIDE * SIDE);
        List<Thumbnail> thumbnails = new ArrayList<>();
        for (Embedded image : images) {
            if (image.failed()) {
                thumbnails.add(null);
                continue;
            }
            preprocessor.pixels(Image.of(Path.of(image.source())), pixels, 0);
            byte[] rgb = new byte[3 * SIDE * SIDE];
            pixels.get(0, rgb);
            thumbnails.add(new Thumbnail(rgb));
        }
        return thumbnails;
    }

    /** Lines for a terminal: each character shows two pixels, one in the text's and one in the background's colour. */
    List<String> lines(Colours colours) {
        List<String> lines = new ArrayList<>();
        for (int y = 0; y < COLUMNS; y += 2) {
            StringBuilder line = new StringBuilder();
            for (int x = 0; x < COLUMNS; x++) {
                line.append(colours.textOn(mean(x, y), mean(x, y + 1))).append(UPPER_HALF);
            }
            lines.add(line.append(Colours.RESET).toString());
        }
        return lines;
    }

    /** The mean colour of one of {@value #COLUMNS} x {@value #COLUMNS} squares as 0xRRGGBB. */
    private int mean(int column, int row) {
        int step = SIDE / COLUMNS;
        int[] sums = new int[3];
        for (int y = row * step; y < (row + 1) * step; y++) {
            for (int x = column * step; x < (column + 1) * step; x++) {
                for (int i = 0; i < 3; i++) {
                    sums[i] += rgb[3 * (y * SIDE + x) + i] & 0xFF;
                }
            }
        }
        int count = step * step;
        return ((sums[0] / count) << 16) | ((sums[1] / count) << 8) | (sums[2] / count);
    }
}
