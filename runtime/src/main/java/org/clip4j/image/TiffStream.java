package org.clip4j.image;

import java.nio.ByteBuffer;
import java.util.Arrays;

/** The tags of a TIFF file's first image (TIFF 6.0) that decide its size and mode, by the reference's table of modes. */
final class TiffStream {
    private static final int IMAGE_WIDTH = 256;
    private static final int IMAGE_LENGTH = 257;
    private static final int BITS_PER_SAMPLE = 258;
    private static final int COMPRESSION = 259;
    private static final int PHOTOMETRIC = 262;
    private static final int FILL_ORDER = 266;
    private static final int SAMPLES_PER_PIXEL = 277;
    private static final int COLOR_MAP = 320;
    private static final int EXTRA_SAMPLES = 338;
    private static final int SAMPLE_FORMAT = 339;

    private final EncodedBytes bytes;
    private final boolean littleEndian;
    private int width;
    private int height;
    private int[] bits = {1};
    private int compression = 1;
    private int photometric;
    private int fillOrder = 1;
    private int samplesPerPixel = 1;
    private int[] extraSamples = {};
    private int sampleFormat = 1;
    private byte[] palette;
    private PixelMode mode;

    TiffStream(ByteBuffer buffer, String name) {
        this.bytes = new EncodedBytes(buffer, ImageFormat.TIFF, name);
        this.littleEndian = bytes.u8(0) == 'I';
        long directory = u32(4);
        int entries = u16(directory);
        for (int i = 0; i < entries; i++) {
            entry(directory + 2 + 12L * i);
        }
        if (width < 1 || height < 1) {
            throw bytes.corrupt("width=" + width + " height=" + height + " expected positive");
        }
        mode = findMode();
    }

    private void entry(long at) {
        switch (u16(at)) {
            case IMAGE_WIDTH -> width = (int) Math.min(Integer.MAX_VALUE, values(at, 1)[0]);
            case IMAGE_LENGTH -> height = (int) Math.min(Integer.MAX_VALUE, values(at, 1)[0]);
            case BITS_PER_SAMPLE -> bits = ints(values(at, 8));
            case COMPRESSION -> compression = (int) values(at, 1)[0];
            case PHOTOMETRIC -> photometric = (int) values(at, 1)[0];
            case FILL_ORDER -> fillOrder = (int) values(at, 1)[0];
            case SAMPLES_PER_PIXEL -> samplesPerPixel = (int) values(at, 1)[0];
            case EXTRA_SAMPLES -> extraSamples = ints(values(at, 8));
            case SAMPLE_FORMAT -> sampleFormat = (int) values(at, 8)[0];
            case COLOR_MAP -> readPalette(values(at, 768));
            default -> {
                // has no effect on pixels
            }
        }
    }

    private static int[] ints(long[] values) {
        return Arrays.stream(values).mapToInt(v -> (int) v).toArray();
    }

    /** Values of a BYTE, SHORT or LONG field. */
    private long[] values(long at, int most) {
        int type = u16(at + 2);
        long count = u32(at + 4);
        int size = type == 1 ? 1 : type == 3 ? 2 : type == 4 ? 4 : 0;
        if (size == 0 || count < 1 || count > most) {
            throw bytes.corrupt("tag=" + u16(at) + " type=" + type + " count=" + count + " expected count=1.." + most);
        }
        long from = count * size <= 4 ? at + 8 : u32(at + 8);
        long[] values = new long[(int) count];
        for (int i = 0; i < values.length; i++) {
            long p = from + (long) i * size;
            values[i] = size == 1 ? bytes.u8(p) : size == 2 ? u16(p) : u32(p);
        }
        return values;
    }

    private void readPalette(long[] map) {
        palette = new byte[768];
        int entries = map.length / 3;
        for (int i = 0; i < entries; i++) {
            for (int band = 0; band < 3; band++) {
                palette[3 * i + band] = (byte) (map[band * entries + i] >> 8);
            }
        }
    }

    private int u16(long at) {
        return littleEndian ? bytes.u16le(at) : bytes.u16be(at);
    }

    private long u32(long at) {
        return littleEndian ? bytes.u32le(at) : bytes.u32be(at);
    }

    private PixelMode findMode() {
        int depth = bits[0];
        boolean uniform = Arrays.stream(bits).allMatch(b -> b == depth) && sampleFormat == 1;
        int extra = extraSamples.length;
        int colors = samplesPerPixel - extra;
        PixelMode found = null;
        boolean fax = compression >= 2 && compression <= 4;
        if (!uniform || compression == 6 || (fillOrder != 1 && !fax)) {
            // The reader knows the old JPEG-in-TIFF only in part, and turned bits only in fax data.
            found = null;
        } else if (photometric <= 1 && colors == 1 && extra == 0) {
            found = switch (depth) {
                case 1 -> PixelMode.ONE;
                case 2, 4, 8 -> PixelMode.L;
                case 16 -> PixelMode.I;
                default -> null;
            };
        } else if (photometric == 1 && depth == 8 && colors == 1 && extra == 1 && extraSamples[0] == 2) {
            found = PixelMode.LA;
        } else if ((photometric == 2 || (photometric == 6 && compression == 7)) && (depth == 8 || depth == 16)) {
            found = (colors == 3 && extra == 0) || (extra == 1 && extraSamples[0] == 0)
                    ? PixelMode.RGB
                    : colors + extra == 4 ? PixelMode.RGBA : null;
        } else if (photometric == 3 && depth <= 8 && samplesPerPixel == 1 && palette != null) {
            found = PixelMode.P;
        } else if (photometric == 5 && depth == 8 && samplesPerPixel == 4) {
            found = PixelMode.CMYK;
        }
        if (found == null) {
            throw bytes.unsupported("photometric=" + photometric + " bitsPerSample=" + Arrays.toString(bits)
                    + " samplesPerPixel=" + samplesPerPixel + " extraSamples=" + Arrays.toString(extraSamples)
                    + " sampleFormat=" + sampleFormat + " fillOrder=" + fillOrder + " compression=" + compression);
        }
        return found;
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    PixelMode mode() {
        return mode;
    }

    int bitsPerSample() {
        return bits[0];
    }

    boolean isWhiteZero() {
        return photometric == 0;
    }

    /** Colour already multiplied by alpha, to be divided by it again on decoding. */
    boolean isAssociatedAlpha() {
        return extraSamples.length > 0 && extraSamples[0] == 1;
    }

    byte[] palette() {
        return mode == PixelMode.P ? palette : null;
    }
}
