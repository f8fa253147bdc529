package org.clip4j.image;

import java.nio.ByteBuffer;

/** Bounds-checked reading of a container's header; running off the end is a cut-short image, not a programming error. */
final class EncodedBytes {
    private final ByteBuffer bytes;
    private final String name;
    private final ImageFormat format;

    EncodedBytes(ByteBuffer bytes, ImageFormat format, String name) {
        this.bytes = bytes;
        this.format = format;
        this.name = name;
    }

    int size() {
        return bytes.limit();
    }

    String name() {
        return name;
    }

    int u8(long at) {
        check(at, 1);
        return bytes.get((int) at) & 0xFF;
    }

    int u16le(long at) {
        return u8(at) | (u8(at + 1) << 8);
    }

    int u16be(long at) {
        return (u8(at) << 8) | u8(at + 1);
    }

    int u24le(long at) {
        return u16le(at) | (u8(at + 2) << 16);
    }

    long u32le(long at) {
        return u16le(at) | ((long) u16le(at + 2) << 16);
    }

    long u32be(long at) {
        return ((long) u16be(at) << 16) | u16be(at + 2);
    }

    boolean matches(long at, String ascii) {
        if (at < 0 || at + ascii.length() > bytes.limit()) {
            return false;
        }
        for (int i = 0; i < ascii.length(); i++) {
            if (bytes.get((int) at + i) != (byte) ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    void check(long at, long length) {
        if (at < 0 || length < 0 || at + length > bytes.limit()) {
            throw new ImageFormatException(format + " image is cut short: offset=" + at + " needed=" + length
                    + " fileBytes=" + bytes.limit() + " image=" + name);
        }
    }

    ImageFormatException corrupt(String what) {
        return new ImageFormatException(format + " image is corrupt: " + what + " image=" + name);
    }

    ImageFormatException unsupported(String what) {
        return new ImageFormatException(format + " image is of an unsupported kind: " + what + " image=" + name);
    }
}
