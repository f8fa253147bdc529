package org.clip4j.image;

import java.nio.ByteBuffer;

/** The containers that are recognised, by their first bytes and never by a file's name. */
public enum ImageFormat {
    JPEG, PNG, GIF, WEBP, BMP, TIFF;

    /** The format whose signature the bytes begin with, or null. */
    static ImageFormat of(ByteBuffer bytes) {
        if (startsWith(bytes, 0, 0xFF, 0xD8, 0xFF)) {
            return JPEG;
        }
        if (startsWith(bytes, 0, 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n')) {
            return PNG;
        }
        if (startsWith(bytes, 0, 'G', 'I', 'F', '8', '7', 'a') || startsWith(bytes, 0, 'G', 'I', 'F', '8', '9', 'a')) {
            return GIF;
        }
        if (startsWith(bytes, 0, 'R', 'I', 'F', 'F') && startsWith(bytes, 8, 'W', 'E', 'B', 'P')) {
            return WEBP;
        }
        if (startsWith(bytes, 0, 'B', 'M')) {
            return BMP;
        }
        if (startsWith(bytes, 0, 'I', 'I', 42, 0) || startsWith(bytes, 0, 'M', 'M', 0, 42)) {
            return TIFF;
        }
        return null;
    }

    private static boolean startsWith(ByteBuffer bytes, int at, int... signature) {
        if (bytes.limit() < at + signature.length) {
            return false;
        }
        for (int i = 0; i < signature.length; i++) {
            if ((bytes.get(at + i) & 0xFF) != signature[i]) {
                return false;
            }
        }
        return true;
    }
}
