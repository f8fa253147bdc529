package org.clip4j.image;

import java.nio.ByteBuffer;

/**
 * The blocks of a GIF file (GIF89a specification) up to its first frame: canvas, where the frame lies on it, palette
 * and transparent index, which is what the reference fills the rest of the canvas with.
 */
final class GifStream {
    private final EncodedBytes bytes;
    private final ByteBuffer buffer;
    private int canvasWidth;
    private int canvasHeight;
    private int left;
    private int top;
    private int frameWidth;
    private int frameHeight;
    private byte[] palette;
    private int transparent = -1;

    GifStream(ByteBuffer buffer, String name) {
        this.buffer = buffer;
        this.bytes = new EncodedBytes(buffer, ImageFormat.GIF, name);
        canvasWidth = bytes.u16le(6);
        canvasHeight = bytes.u16le(8);
        int flags = bytes.u8(10);
        long at = 13;
        if ((flags & 0x80) != 0) {
            palette = palette(at, flags);
            at += 3L << ((flags & 7) + 1);
        }
        frame(firstFrame(at));
    }

    /** Skips extensions; remembers the transparent index of the graphic control extension. */
    private long firstFrame(long start) {
        long at = start;
        while (true) {
            int introducer = bytes.u8(at++);
            if (introducer == ',') {
                return at;
            }
            if (introducer == ';') {
                throw bytes.corrupt("no frame before the trailer");
            }
            if (introducer != '!') {
                continue; // bytes between blocks are skipped, as other readers do
            }
            int label = bytes.u8(at++);
            if (label == 0xF9 && bytes.u8(at) >= 4) {
                transparent = (bytes.u8(at + 1) & 1) != 0 ? bytes.u8(at + 4) : -1;
            }
            int length = bytes.u8(at++);
            while (length != 0) {
                at += length;
                length = bytes.u8(at++);
            }
        }
    }

    private void frame(long at) {
        left = bytes.u16le(at);
        top = bytes.u16le(at + 2);
        frameWidth = bytes.u16le(at + 4);
        frameHeight = bytes.u16le(at + 6);
        int flags = bytes.u8(at + 8);
        if ((flags & 0x80) != 0) {
            palette = palette(at + 9, flags);
        }
        if (frameWidth == 0 || frameHeight == 0) {
            throw bytes.corrupt("first frame has no pixels: width=" + frameWidth + " height=" + frameHeight);
        }
        canvasWidth = Math.max(canvasWidth, left + frameWidth);
        canvasHeight = Math.max(canvasHeight, top + frameHeight);
    }

    private byte[] palette(long at, int flags) {
        int length = 3 << ((flags & 7) + 1);
        bytes.check(at, length);
        byte[] triples = new byte[768];
        buffer.get((int) at, triples, 0, length);
        for (int i = 0; i < length; i++) {
            if ((triples[i] & 0xFF) != i / 3) {
                return triples;
            }
        }
        return null; // the identity ramp: such an image is gray, mode L
    }

    PixelMode mode() {
        return palette == null ? PixelMode.L : PixelMode.P;
    }

    byte[] palette() {
        return palette;
    }

    int canvasWidth() {
        return canvasWidth;
    }

    int canvasHeight() {
        return canvasHeight;
    }

    int left() {
        return left;
    }

    int top() {
        return top;
    }

    int frameWidth() {
        return frameWidth;
    }

    int frameHeight() {
        return frameHeight;
    }

    /** The index that covers the canvas where the frame does not. */
    int background() {
        return Math.max(transparent, 0);
    }
}
