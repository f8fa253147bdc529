package org.clip4j.image;

import java.awt.image.BufferedImage;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Objects;

/**
 * An image to embed: a file, encoded bytes, a {@link BufferedImage}, or rows that are already decoded. Nothing is read
 * or copied until a {@link Preprocessor} needs it; what is handed over must not change until then.
 *
 * <p>Immutable and shared by any number of threads.
 */
public abstract sealed class Image {

    private Image() {}

    /** A JPEG, PNG, GIF, WebP, BMP or TIFF file. */
    public static Image of(Path file) {
        return new OfPath(Objects.requireNonNull(file, "file"));
    }

    /** The contents of such a file. */
    public static Image of(byte[] encoded) {
        return new OfBytes(Objects.requireNonNull(encoded, "encoded"));
    }

    /**
     * A picture of the JDK. Gray, gray with alpha, palette, 16-bit gray, RGB and RGBA pictures are treated as a file of
     * that kind would be; other kinds are converted to RGB or RGBA by the picture itself.
     */
    public static Image of(BufferedImage picture) {
        return new OfPicture(Objects.requireNonNull(picture, "picture"));
    }

    /**
     * Decoded rows, top to bottom: red, green, blue, a byte each.
     *
     * @param samples
     *            heap or direct; row 0 begins at its position
     * @param strideBytes
     *            bytes from a row to the next, at least 3 * width
     */
    public static Image rgb(ByteBuffer samples, int width, int height, int strideBytes) {
        return rows(samples, width, height, strideBytes, new int[]{0, 1, 2});
    }

    /** As {@link #rgb}, with blue first. */
    public static Image bgr(ByteBuffer samples, int width, int height, int strideBytes) {
        return rows(samples, width, height, strideBytes, new int[]{2, 1, 0});
    }

    private static Image rows(ByteBuffer samples, int width, int height, int strideBytes, int[] bandOffsets) {
        if (width < 1 || height < 1) {
            throw new IllegalArgumentException("image has no pixels: width=" + width + " height=" + height);
        }
        if (strideBytes < 3L * width) {
            throw new IllegalArgumentException("row stride is shorter than a row: strideBytes=" + strideBytes
                    + " expected>=" + 3L * width + " width=" + width);
        }
        long end = samples.position() + (height - 1L) * strideBytes + 3L * width;
        if (end > samples.limit()) {
            throw new IllegalArgumentException("buffer is too short for the image: expected>="
                    + (end - samples.position()) + " remaining=" + samples.remaining() + " width=" + width + " height="
                    + height + " strideBytes=" + strideBytes);
        }
        PixelImage.Layout layout = new PixelImage.Layout(PixelWindow.whole(width, height), samples.position(),
                strideBytes, 3, bandOffsets);
        return new OfRows(new PixelImage(PixelMode.RGB, width, height, samples, layout, null, () -> {}));
    }

    /** Pixels in their own mode, at least those chosen; valid until the memory is used again. The caller closes them. */
    abstract PixelImage decode(ImageDecoder decoder, WindowChoice choice, PixelMemory memory);

    private static final class OfPath extends Image {
        private final Path file;

        OfPath(Path file) {
            this.file = file;
        }

        @Override
        PixelImage decode(ImageDecoder decoder, WindowChoice choice, PixelMemory memory) {
            return decoder.decode(file, choice, memory);
        }

        @Override
        public String toString() {
            return file.toString();
        }
    }

    private static final class OfBytes extends Image {
        private final byte[] encoded;

        OfBytes(byte[] encoded) {
            this.encoded = encoded;
        }

        @Override
        PixelImage decode(ImageDecoder decoder, WindowChoice choice, PixelMemory memory) {
            return decoder.decode(ByteBuffer.wrap(encoded), choice, memory);
        }

        @Override
        public String toString() {
            return "image of " + encoded.length + " bytes";
        }
    }

    private static final class OfPicture extends Image {
        private final BufferedImage picture;

        OfPicture(BufferedImage picture) {
            this.picture = picture;
        }

        @Override
        PixelImage decode(ImageDecoder decoder, WindowChoice choice, PixelMemory memory) {
            decoder.limits().checkPixels("BufferedImage", picture.getWidth(), picture.getHeight());
            return Pictures.read(picture, memory);
        }

        @Override
        public String toString() {
            return "picture " + picture.getWidth() + "x" + picture.getHeight();
        }
    }

    private static final class OfRows extends Image {
        private final PixelImage pixels;

        OfRows(PixelImage pixels) {
            this.pixels = pixels;
        }

        @Override
        PixelImage decode(ImageDecoder decoder, WindowChoice choice, PixelMemory memory) {
            return pixels;
        }

        @Override
        public String toString() {
            return "rows " + pixels.width() + "x" + pixels.height();
        }
    }
}
