package org.clip4j.image;

/**
 * What an image file may cost at most; checked from the header, before anything is allocated for pixels.
 *
 * @param maxPixels
 *            largest width x height in pixels
 * @param maxFileBytes
 *            largest encoded size in bytes
 */
public record ImageLimits(long maxPixels, long maxFileBytes) {

    /** 178,956,970 pixels (Pillow refuses more: twice its MAX_IMAGE_PIXELS) and 512 MiB of encoded bytes. */
    public static final ImageLimits DEFAULT = new ImageLimits(178_956_970L, 512L << 20);

    /** Checks that both limits are positive and what one buffer can hold. */
    public ImageLimits {
        // The samples of an image lie in one buffer: 4 bytes per pixel must stay below 2 GiB.
        if (maxPixels < 1 || maxPixels > Integer.MAX_VALUE / 4) {
            throw new IllegalArgumentException(
                    "pixel limit out of range: maxPixels=" + maxPixels + " expected=1.." + Integer.MAX_VALUE / 4);
        }
        if (maxFileBytes < 1 || maxFileBytes > Integer.MAX_VALUE - 64) {
            throw new IllegalArgumentException("file limit out of range: maxFileBytes=" + maxFileBytes + " expected=1.."
                    + (Integer.MAX_VALUE - 64));
        }
    }

    void checkPixels(String name, long width, long height) {
        if (width < 1 || height < 1) {
            throw new ImageFormatException(
                    "image has no pixels: width=" + width + " height=" + height + " image=" + name);
        }
        if (width > Integer.MAX_VALUE || height > Integer.MAX_VALUE || width * height > maxPixels) {
            throw new ImageFormatException("image is larger than the pixel limit: width=" + width + " height=" + height
                    + " maxPixels=" + maxPixels + " image=" + name
                    + "; shrink the image, or in Java raise ImageLimits.maxPixels");
        }
    }
}
