package org.clip4j.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;

/**
 * The marker segments of a JPEG file (ITU-T T.81, annex B), as far as a decoder must be told about them: size,
 * components, subsampling, colour transform, and whether the file reaches its end marker.
 */
final class JpegStream {
    private static final int SOI = 0xD8;
    private static final int EOI = 0xD9;
    private static final int SOS = 0xDA;
    private static final int APP0 = 0xE0;
    private static final int APP14 = 0xEE;
    private static final int COM = 0xFE;
    /** What libjpeg-turbo's own fuzzers allow (fuzz/decompress.cc); cjpeg writes 10. Each is a pass over all blocks. */
    private static final int MAX_SCANS = 500;

    private final ByteBuffer buffer;
    private final EncodedBytes bytes;
    private int frameMarker;
    private int width;
    private int height;
    private int components;
    private final int[] componentIds = new int[4];
    private final int[] samplings = new int[4];
    private boolean jfif;
    private int adobeTransform = -1;
    private int scanOffset;
    private int scans;
    private boolean ended;

    JpegStream(ByteBuffer buffer, String name) {
        this.buffer = buffer;
        this.bytes = new EncodedBytes(buffer, ImageFormat.JPEG, name);
        walk();
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }

    PixelMode mode() {
        return components == 1 ? PixelMode.L : components == 3 ? PixelMode.RGB : PixelMode.CMYK;
    }

    private void walk() {
        int at = 2;
        while (!ended) {
            at = nextMarker(at);
            if (at < 0) {
                break;
            }
            int marker = bytes.u8(at++);
            if (marker == EOI) {
                ended = true;
            } else if (isReserved(marker) && scanOffset == 0) {
                throw bytes.corrupt("unknown marker=0x" + Integer.toHexString(marker) + " offset=" + (at - 2));
            } else if (hasLength(marker)) {
                int length = bytes.u16be(at);
                if (length < 2) {
                    throw bytes.corrupt("segment length=" + length + " expected>=2 offset=" + at);
                }
                bytes.check(at, length);
                segment(marker, at + 2, length - 2);
                at += length;
            }
        }
        if (!ended) {
            throw new ImageFormatException("JPEG image is cut short: no end marker, fileBytes=" + bytes.size()
                    + " image=" + bytes.name());
        }
        if (scanOffset == 0) {
            throw bytes.corrupt("no scan before the end marker");
        }
        if (scans > MAX_SCANS) {
            throw new ImageFormatException("JPEG image has more scans than the limit: scans=" + scans + " maxScans="
                    + MAX_SCANS + " width=" + width + " height=" + height + " fileBytes=" + bytes.size() + " image="
                    + bytes.name() + "; save it as an ordinary JPEG file");
        }
    }

    /** Offset of the code of the next marker: entropy-coded data holds 0xFF only before 0 or a restart code. */
    private int nextMarker(int from) {
        int limit = buffer.limit() - 1;
        for (int at = from; at < limit; at++) {
            if (buffer.get(at) == (byte) 0xFF) {
                int code = buffer.get(at + 1) & 0xFF;
                if (code != 0 && code != 0xFF) {
                    return at + 1;
                }
            }
        }
        return -1;
    }

    private void segment(int marker, int at, int length) {
        boolean isFrame = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
        if (isFrame) {
            frame(marker, at, length);
        } else if (marker == APP0 && bytes.matches(at, "JFIF\0")) {
            jfif = true;
        } else if (marker == APP14 && length >= 12 && bytes.matches(at, "Adobe")) {
            adobeTransform = bytes.u8(at + 11);
        } else if (marker == SOS) {
            if (frameMarker == 0) {
                throw bytes.corrupt("scan before frame header, offset=" + at);
            }
            scanOffset = scanOffset == 0 ? at - 4 : scanOffset;
            scans++;
        }
    }

    private void frame(int marker, int at, int length) {
        if (frameMarker != 0) {
            throw bytes.corrupt("second frame header, offset=" + at);
        }
        int precision = bytes.u8(at);
        // 0xC0 baseline, 0xC1 extended, 0xC2 progressive, 0xC9 and 0xCA the same with arithmetic coding
        boolean known = marker <= 0xC2 || marker == 0xC9 || marker == 0xCA;
        if (!known || precision != 8) {
            throw bytes.unsupported("frame=0x" + Integer.toHexString(marker) + " precisionBits=" + precision
                    + " expected baseline or progressive with 8 bits");
        }
        height = bytes.u16be(at + 1);
        width = bytes.u16be(at + 3);
        components = bytes.u8(at + 5);
        if (components != 1 && components != 3 && components != 4) {
            throw bytes.unsupported("components=" + components + " expected=1, 3 or 4");
        }
        if (length < 6 + 3 * components) {
            throw bytes.corrupt("frame header length=" + length + " expected=" + (6 + 3 * components));
        }
        for (int i = 0; i < components; i++) {
            componentIds[i] = bytes.u8(at + 6 + 3 * i);
            samplings[i] = bytes.u8(at + 7 + 3 * i);
        }
        frameMarker = marker;
    }

    /**
     * Whether the JDK's decoder (libjpeg 6b) gives the pixels of libjpeg-turbo: both interpolate chroma that is halved
     * horizontally, or in both directions; only the newer one interpolates chroma halved vertically alone.
     */
    boolean isExactInJdk() {
        if (frameMarker == 0xC9 || frameMarker == 0xCA) {
            return false;
        }
        for (int i = 1; i < components; i++) {
            int horizontal = (samplings[0] >> 4) / Math.max(1, samplings[i] >> 4);
            int vertical = (samplings[0] & 15) / Math.max(1, samplings[i] & 15);
            if (vertical == 2 && horizontal == 1) {
                return false;
            }
        }
        return true;
    }

    /** libjpeg's rule for the colour transform (jdapimin.c, default_decompress_parms). */
    boolean isYcc() {
        if (components == 4) {
            return adobeTransform == 2;
        }
        if (jfif || components == 1) {
            return components == 3;
        }
        if (adobeTransform >= 0) {
            return adobeTransform != 0;
        }
        return !(componentIds[0] == 'R' && componentIds[1] == 'G' && componentIds[2] == 'B');
    }

    /**
     * What a decoder needs of the segments before the first scan: application segments and comments are left out, so
     * that neither profiles nor thumbnails reach it, and one Adobe segment states the colour transform.
     */
    byte[] plainHead() {
        ByteArrayOutputStream head = new ByteArrayOutputStream();
        byte[] adobe = {(byte) 0xFF, (byte) SOI, (byte) 0xFF, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0,
                0, 0, 0, (byte) (components == 4 ? isYcc() ? 2 : 0 : isYcc() ? 1 : 0)};
        head.writeBytes(adobe);
        int at = 2;
        while (at < scanOffset) {
            at = nextMarker(at);
            int marker = bytes.u8(at++);
            if (marker == SOS) {
                break;
            }
            if (!hasLength(marker)) {
                continue;
            }
            int length = bytes.u16be(at);
            if (marker != COM && (marker < APP0 || marker > 0xEF)) {
                byte[] segment = new byte[length];
                buffer.get(at, segment);
                head.write(0xFF);
                head.write(marker);
                head.writeBytes(segment);
            }
            at += length;
        }
        return head.toByteArray();
    }

    /** Offset of the first scan's marker. */
    int scanOffset() {
        return scanOffset;
    }

    /** Markers that no segment has: libjpeg refuses them, or searches for a restart marker from there on. */
    private static boolean isReserved(int marker) {
        return marker > 0x01 && marker < 0xC0;
    }

    private static boolean hasLength(int marker) {
        return marker >= 0xC0 && marker != SOI && (marker < 0xD0 || marker > 0xD7);
    }
}
