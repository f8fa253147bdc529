package org.clip4j.image;

/**
 * How the samples of a decoded image are to be read. The mode decides how an image is resized, because the conversion
 * to RGB comes after the resize. Names as in the reference's imaging library.
 */
public enum PixelMode {
    /** One byte per pixel, 0 or 1: black or white; resized by nearest neighbour. */
    ONE(1),
    /** One byte per pixel: gray. */
    L(1),
    /** Gray and alpha, a byte each; premultiplied for a resize, then alpha is dropped. */
    LA(2),
    /** One byte per pixel, an index into a palette; resized by nearest neighbour, transparency ignored. */
    P(1),
    /** Red, green, blue, a byte each. */
    RGB(3),
    /** Red, green, blue, alpha, a byte each; premultiplied for a resize, then alpha is dropped. */
    RGBA(4),
    /** Cyan, magenta, yellow, black, a byte each, 255 being full ink; resized as four channels. */
    CMYK(4),
    /** One unsigned 16-bit sample per pixel, in native byte order; clamped to 0..255 after the resize. */
    I(1);

    private final int bands;

    PixelMode(int bands) {
        this.bands = bands;
    }

    /** Samples per pixel. */
    public int bands() {
        return bands;
    }

    /** Bytes of one sample: 2 for {@link #I}, otherwise 1. */
    public int sampleBytes() {
        return this == I ? 2 : 1;
    }

    /** Whether a resize takes whole samples (nearest neighbour) and mixes none. */
    boolean isNearest() {
        return this == ONE || this == P;
    }

    boolean hasAlpha() {
        return this == LA || this == RGBA;
    }
}
