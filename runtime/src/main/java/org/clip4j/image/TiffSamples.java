package org.clip4j.image;

import java.nio.ByteBuffer;

/** Rows of a TIFF file as its tags mean them: small depths scaled, 16 bits shortened. The
 * reader has turned white-is-zero over already, which the reference does not do for 16 bits. */
final class TiffSamples {
    private final TiffStream tiff;
    private final PixelMode mode;
    private final int width;
    private final byte[] bytes;

    TiffSamples(TiffStream tiff, int width) {
        this.tiff = tiff;
        this.mode = tiff.mode();
        this.width = width;
        this.bytes = new byte[Math.multiplyExact(width, mode.bands())];
    }

    void store(int[] pixels, int bands, ByteBuffer samples, int at) {
        if (mode == PixelMode.I) {
            for (int x = 0; x < width; x++) {
                int value = pixels[x * bands];
                samples.putShort(at + 2 * x, (short) (tiff.isWhiteZero() ? 65535 - value : value));
            }
            return;
        }
        int depth = tiff.bitsPerSample();
        int max = (1 << depth) - 1;
        for (int x = 0; x < width; x++) {
            for (int band = 0; band < mode.bands(); band++) {
                int value = pixels[x * bands + band];
                if (depth == 16) {
                    value >>= 8;
                } else if (mode == PixelMode.L && depth < 8) {
                    value = value * 255 / max;
                }
                bytes[x * mode.bands() + band] = (byte) value;
            }
            if (tiff.isAssociatedAlpha() && mode == PixelMode.RGBA) {
                divideByAlpha(4 * x);
            }
        }
        samples.put(at, bytes);
    }

    private void divideByAlpha(int at) {
        int alpha = bytes[at + 3] & 0xFF;
        for (int band = 0; band < 3; band++) {
            int value = bytes[at + band] & 0xFF;
            bytes[at + band] = (byte) (alpha == 0 ? 0 : alpha == 255 ? value : Math.min(255, 255 * value / alpha));
        }
    }
}
