package org.clip4j.image;

import java.nio.ByteBuffer;

/** The size in a WebP file's first chunk (RFC 9649); frames and alpha are the codec's matter. */
final class WebpStream {
    private final int width;
    private final int height;

    WebpStream(ByteBuffer buffer, String name) {
        EncodedBytes bytes = new EncodedBytes(buffer, ImageFormat.WEBP, name);
        if (bytes.matches(12, "VP8X")) {
            width = bytes.u24le(24) + 1;
            height = bytes.u24le(27) + 1;
        } else if (bytes.matches(12, "VP8L")) {
            long packed = bytes.u32le(21);
            width = (int) (packed & 0x3FFF) + 1;
            height = (int) ((packed >> 14) & 0x3FFF) + 1;
        } else if (bytes.matches(12, "VP8 ")) {
            width = bytes.u16le(26) & 0x3FFF;
            height = bytes.u16le(28) & 0x3FFF;
        } else {
            throw bytes.corrupt("first chunk is none of 'VP8 ', 'VP8L', 'VP8X'");
        }
    }

    int width() {
        return width;
    }

    int height() {
        return height;
    }
}
