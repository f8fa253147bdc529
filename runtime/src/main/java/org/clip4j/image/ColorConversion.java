package org.clip4j.image;

/** From a row in its own mode to RGB, as Pillow's convert("RGB") does it; alpha is dropped, never composed. */
final class ColorConversion {

    private ColorConversion() {}

    static void toRgb(PixelMode mode, boolean premultiplied, byte[] row, byte[] rgb) {
        int pixels = rgb.length / 3;
        switch (mode) {
            case RGB -> System.arraycopy(row, 0, rgb, 0, rgb.length);
            case L -> {
                for (int x = 0; x < pixels; x++) {
                    gray(rgb, 3 * x, row[x]);
                }
            }
            case LA -> {
                for (int x = 0; x < pixels; x++) {
                    int alpha = premultiplied ? row[2 * x + 1] & 0xFF : 255;
                    gray(rgb, 3 * x, divideByAlpha(row[2 * x] & 0xFF, alpha));
                }
            }
            case RGBA -> {
                for (int x = 0; x < pixels; x++) {
                    int alpha = premultiplied ? row[4 * x + 3] & 0xFF : 255;
                    for (int band = 0; band < 3; band++) {
                        rgb[3 * x + band] = divideByAlpha(row[4 * x + band] & 0xFF, alpha);
                    }
                }
            }
            case CMYK -> {
                for (int x = 0; x < pixels; x++) {
                    int white = 255 - (row[4 * x + 3] & 0xFF);
                    for (int band = 0; band < 3; band++) {
                        int value = white - ByteResampler.multiply255(row[4 * x + band] & 0xFF, white);
                        rgb[3 * x + band] = (byte) Math.max(0, Math.min(255, value));
                    }
                }
            }
            default -> throw new IllegalArgumentException("no row of bytes to mix: mode=" + mode);
        }
    }

    static void gray(byte[] rgb, int at, byte value) {
        rgb[at] = value;
        rgb[at + 1] = value;
        rgb[at + 2] = value;
    }

    private static byte divideByAlpha(int value, int alpha) {
        return (byte) (alpha == 0 || alpha == 255 ? value : Math.min(255, 255 * value / alpha));
    }
}
