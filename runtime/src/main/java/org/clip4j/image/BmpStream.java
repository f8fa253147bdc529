package org.clip4j.image;

import java.nio.ByteBuffer;

/** The header of a Windows bitmap: size, depth, channel masks and palette, with the modes that the reference gives. */
final class BmpStream {
    private static final int BITFIELDS = 3;

    private final EncodedBytes bytes;
    private final int width;
    private final int height;
    private final int bits;
    private final int compression;
    private final long[] masks = new long[4];
    private byte[] palette;
    private PixelMode mode;

    BmpStream(ByteBuffer buffer, String name) {
        this.bytes = new EncodedBytes(buffer, ImageFormat.BMP, name);
        long headerBytes = bytes.u32le(14);
        boolean os2 = headerBytes == 12;
        if (!os2 && headerBytes != 40 && headerBytes != 64 && headerBytes != 108 && headerBytes != 124) {
            throw bytes.unsupported("headerBytes=" + headerBytes + " expected=12, 40, 64, 108 or 124");
        }
        width = os2 ? bytes.u16le(18) : (int) bytes.u32le(18);
        int rows = os2 ? bytes.u16le(20) : (int) bytes.u32le(22);
        height = Math.abs(rows);
        bits = bytes.u16le(os2 ? 24 : 28);
        compression = os2 ? 0 : (int) bytes.u32le(30);
        if (width < 1 || height < 1) {
            throw bytes.corrupt("width=" + width + " height=" + height + " expected positive");
        }
        boolean known = compression == 0 || (compression == 1 && bits == 8) || (compression == 2 && bits == 4)
                || (compression == BITFIELDS && (bits == 16 || bits == 32));
        if (!known) {
            throw bytes.unsupported("compression=" + compression + " bitsPerPixel=" + bits);
        }
        switch (bits) {
            case 1, 4, 8 -> paletteMode(14 + headerBytes, os2 ? 3 : 4, os2 ? 0 : bytes.u32le(46));
            case 16, 24, 32 -> colorMode(headerBytes);
            default -> throw bytes.unsupported("bitsPerPixel=" + bits + " expected=1, 4, 8, 16, 24 or 32");
        }
    }

    private void paletteMode(long at, int entryBytes, long declared) {
        long colors = declared == 0 ? 1L << bits : declared;
        if (colors > 65536) {
            throw bytes.corrupt("palette entries=" + colors + " expected<=65536");
        }
        bytes.check(at, colors * entryBytes);
        palette = new byte[768];
        boolean gray = true;
        for (int i = 0; i < colors; i++) {
            long entry = at + (long) i * entryBytes;
            int level = colors == 2 ? 255 * i : i;
            for (int band = 0; band < 3; band++) {
                int value = bytes.u8(entry + 2 - band);
                gray &= value == level;
                if (i < 256) {
                    palette[3 * i + band] = (byte) value;
                }
            }
        }
        // The reference takes a palette that is the gray ramp for gray, and two colours black and white for 1 bit.
        mode = !gray ? PixelMode.P : colors == 2 ? PixelMode.ONE : PixelMode.L;
        palette = mode == PixelMode.P ? palette : null;
    }

    private void colorMode(long headerBytes) {
        mode = PixelMode.RGB;
        if (compression != BITFIELDS) {
            long[] fixed = bits == 16 ? new long[]{0x7C00, 0x3E0, 0x1F, 0} : new long[]{0xFF0000, 0xFF00, 0xFF, 0};
            System.arraycopy(fixed, 0, masks, 0, 4);
            return;
        }
        for (int band = 0; band < 4; band++) {
            boolean stored = band < 3 || headerBytes >= 56;
            masks[band] = stored ? bytes.u32le(54 + 4L * band) : 0;
        }
        if (bits == 32 && masks[3] != 0) {
            mode = PixelMode.RGBA;
        }
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    int bits() {
        return bits;
    }

    PixelMode mode() {
        return mode;
    }

    byte[] palette() {
        return palette;
    }

    /** Largest value of a band before it is scaled to 0..255; 0 when the file has no such band. */
    int maxValue(int band) {
        return bits == 16 ? (1 << Long.bitCount(masks[band])) - 1 : 255;
    }
}
