package org.clip4j.clip;

/**
 * Size of a session's workspace, and ways to compute that differ in speed only, but for rounding. Larger batches are cut into
 * pieces of this size.
 *
 * @param maxImages images of one forward pass, 1 to {@value #LIMIT}
 * @param maxTexts texts of one forward pass when they fill the model's context, 1 to {@value #LIMIT}; of shorter ones a
 *     pass takes as many as have that many tokens, what they begin with in common counted once, yet at most four times as
 *     many tokens in all, and one text per four of those that count
 * @param resizeOnDevice whether decoded images are uploaded as they are, and resized, cropped and normalised there, with
 *     the same bits; worth it where the host is what a card waits for
 * @param sharedPrefixes whether what texts of a pass begin with in common is computed once, and equal texts once. Not an
 *     approximation, as no token sees what follows it. Worth it unless texts have nothing in common; without it every token
 *     of every text is computed, to compare and to measure with
 */
public record SessionOptions(int maxImages, int maxTexts, boolean resizeOnDevice, boolean sharedPrefixes) {
    /** Largest batch: what is larger gains nothing and takes gigabytes. */
    public static final int LIMIT = 4096;

    /** Checks the sizes. */
    public SessionOptions {
        if (maxImages < 1 || maxTexts < 1 || maxImages > LIMIT || maxTexts > LIMIT) {
            throw new IllegalArgumentException("batch out of range: maxImages=" + maxImages + " maxTexts=" + maxTexts
                    + " expected=1.." + LIMIT + "; larger batches are cut into pieces");
        }
    }

    /** Images are resized on the host; texts share what they begin with. */
    public SessionOptions(int maxImages, int maxTexts) {
        this(maxImages, maxTexts, false, true);
    }

    /** The same sizes, with images resized on the device or on the host. */
    public SessionOptions withResizeOnDevice(boolean onDevice) {
        return new SessionOptions(maxImages, maxTexts, onDevice, sharedPrefixes);
    }

    /** The same sizes, with what texts begin with in common computed once or as often as it comes. */
    public SessionOptions withSharedPrefixes(boolean shared) {
        return new SessionOptions(maxImages, maxTexts, resizeOnDevice, shared);
    }

    /** Sizes beyond which a CPU gains little: 8 images, 16 texts. */
    public static SessionOptions defaults() {
        return new SessionOptions(8, 16);
    }
}
