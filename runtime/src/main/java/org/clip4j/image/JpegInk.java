package org.clip4j.image;

import java.awt.image.Raster;
import java.nio.ByteBuffer;

/** Four-component JPEG rows to CMYK with 255 for full ink, as the reference gives them: always inverted. */
final class JpegInk {
    private static final int SCALE_BITS = 16; // libjpeg jdcolor.c

    private JpegInk() {}

    /**
     * @param source
     *            raw components as stored in the file
     * @param ycck
     *            whether the first three are luma and chroma of the inverted inks
     */
    static void store(Raster source, boolean ycck, ByteBuffer samples) {
        int width = source.getWidth();
        byte[] row = new byte[width * 4];
        int[] pixels = new int[width * 4];
        for (int y = 0; y < source.getHeight(); y++) {
            source.getPixels(0, y, width, 1, pixels);
            for (int i = 0; i < pixels.length; i += 4) {
                if (ycck) {
                    toCmyk(pixels, i);
                }
                for (int band = 0; band < 4; band++) {
                    row[i + band] = (byte) (255 - pixels[i + band]);
                }
            }
            samples.put(y * row.length, row);
        }
    }

    /** libjpeg's ycck_cmyk_convert: C = 255 - R and so on, the constants of ITU-R BT.601 in 16-bit fixed point. */
    private static void toCmyk(int[] pixels, int at) {
        int luma = pixels[at];
        int cb = pixels[at + 1] - 128;
        int cr = pixels[at + 2] - 128;
        int half = 1 << (SCALE_BITS - 1);
        int red = luma + ((fix(1.40200) * cr + half) >> SCALE_BITS);
        int green = luma + ((-fix(0.34414) * cb - fix(0.71414) * cr + half) >> SCALE_BITS);
        int blue = luma + ((fix(1.77200) * cb + half) >> SCALE_BITS);
        pixels[at] = clamp(255 - red);
        pixels[at + 1] = clamp(255 - green);
        pixels[at + 2] = clamp(255 - blue);
    }

    private static int fix(double value) {
        return (int) (value * (1 << SCALE_BITS) + 0.5);
    }

    private static int clamp(int value) {
        return Math.max(0, Math.min(255, value));
    }
}
