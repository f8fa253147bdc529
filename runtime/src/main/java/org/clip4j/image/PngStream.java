package org.clip4j.image;

import java.nio.ByteBuffer;
import java.util.zip.CRC32;

/**
 * The chunks of a PNG file (W3C PNG, second edition), as far as a decoder must be told about them. Ancillary chunks
 * (gamma, profiles, transparency, text) have no effect on the reference's pixels and are passed over.
 */
final class PngStream {
    private static final int SIGNATURE = 8;
    private static final int IHDR = 0x49484452;
    private static final int PLTE = 0x504C5445;
    private static final int IDAT = 0x49444154;
    private static final int IEND = 0x49454E44;

    private final EncodedBytes bytes;
    private final ByteBuffer buffer;
    private final int bitDepth;
    private final int colorType;
    private final int interlace;
    private int dataOffset;
    private final int width;
    private final int height;
    private final byte[] palette = new byte[768];
    private boolean paletteSeen;

    PngStream(ByteBuffer buffer, String name) {
        this.buffer = buffer;
        this.bytes = new EncodedBytes(buffer, ImageFormat.PNG, name);
        if (bytes.u32be(SIGNATURE) != 13 || bytes.u32be(SIGNATURE + 4) != IHDR) {
            throw bytes.corrupt("first chunk is not a header of 13 bytes");
        }
        width = positive("width", bytes.u32be(SIGNATURE + 8));
        height = positive("height", bytes.u32be(SIGNATURE + 12));
        bitDepth = bytes.u8(SIGNATURE + 16);
        colorType = bytes.u8(SIGNATURE + 17);
        interlace = bytes.u8(SIGNATURE + 20);
        mode(); // refuses what PNG does not define
        if (bytes.u8(SIGNATURE + 18) != 0 || bytes.u8(SIGNATURE + 19) != 0 || interlace > 1) {
            throw bytes.corrupt("compression=" + bytes.u8(SIGNATURE + 18) + " filter=" + bytes.u8(SIGNATURE + 19)
                    + " interlace=" + interlace + " expected=0, 0, 0 or 1");
        }
        findChunks();
    }

    private int positive(String field, long value) {
        if (value < 1 || value > Integer.MAX_VALUE) {
            throw bytes.corrupt(field + "=" + value + " expected=1.." + Integer.MAX_VALUE);
        }
        return (int) value;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    boolean isInterlaced() {
        return interlace == 1;
    }

    int bitDepth() {
        return bitDepth;
    }

    /** 256 RGB triples of the PLTE chunk; missing entries are black. */
    byte[] palette() {
        return palette;
    }

    /** Samples per pixel in the file: 16-bit gray with alpha is stored as LA and decoded to RGBA. */
    int storedBands() {
        return colorType == 2 ? 3 : colorType == 4 ? 2 : colorType == 6 ? 4 : 1;
    }

    PixelMode mode() {
        boolean small = bitDepth == 1 || bitDepth == 2 || bitDepth == 4;
        boolean wide = bitDepth == 8 || bitDepth == 16;
        if (colorType == 0 && (small || wide)) {
            return bitDepth == 1 ? PixelMode.ONE : bitDepth == 16 ? PixelMode.I : PixelMode.L;
        }
        if (colorType == 3 && (small || bitDepth == 8)) {
            return PixelMode.P;
        }
        if (colorType == 2 && wide) {
            return PixelMode.RGB;
        }
        if (colorType == 4 && wide) {
            return bitDepth == 8 ? PixelMode.LA : PixelMode.RGBA;
        }
        if (colorType == 6 && wide) {
            return PixelMode.RGBA;
        }
        throw bytes.corrupt("colorType=" + colorType + " bitDepth=" + bitDepth + " are not a PNG combination");
    }

    /** Finds palette and image data, and checks their checksums; ancillary chunks are passed over. */
    private void findChunks() {
        long at = SIGNATURE;
        boolean dataEnded = false;
        while (at + 8 <= bytes.size()) {
            long length = bytes.u32be(at);
            int type = (int) bytes.u32be(at + 4);
            if (type == IEND) {
                break;
            }
            bytes.check(at, 12 + length);
            boolean data = type == IDAT && !dataEnded;
            dataEnded |= dataOffset != 0 && !data;
            if (type == IHDR || data || (type == PLTE && !paletteSeen)) {
                checkSum((int) at, (int) length);
            }
            if (type == PLTE && !paletteSeen) {
                readPalette((int) at + 8, (int) length);
            }
            dataOffset = data && dataOffset == 0 ? (int) at : dataOffset;
            at += 12 + length;
        }
        if (dataOffset == 0 || (colorType == 3 && !paletteSeen)) {
            throw bytes.corrupt(dataOffset != 0 ? "palette is missing" : "image data is missing or cut short");
        }
    }

    /** The next piece of compressed image data, or null behind the last. */
    ByteBuffer nextData() {
        if (dataOffset + 12 > bytes.size() || (int) bytes.u32be(dataOffset + 4L) != IDAT) {
            return null;
        }
        int length = (int) bytes.u32be(dataOffset);
        ByteBuffer piece = buffer.slice(dataOffset + 8, length);
        dataOffset += 12 + length;
        return piece;
    }

    ImageFormatException corrupt(String what) {
        return bytes.corrupt(what);
    }

    private void checkSum(int at, int length) {
        CRC32 crc = new CRC32();
        crc.update(buffer.slice(at + 4, 4 + length));
        long stored = bytes.u32be(at + 8L + length);
        if (crc.getValue() != stored) {
            throw bytes.corrupt("chunk checksum offset=" + at + " expected=" + Long.toHexString(stored) + " actual="
                    + Long.toHexString(crc.getValue()));
        }
    }

    private void readPalette(int at, int length) {
        if (length % 3 != 0 || length > 768) {
            throw bytes.corrupt("palette bytes=" + length + " expected a multiple of 3 up to 768");
        }
        buffer.get(at, palette, 0, length);
        paletteSeen = true;
    }
}
