package org.clip4j.training.drawn;

/**
 * What happens to a picture after it is drawn.
 *
 * @param noise largest change of a sample by noise, 0 to 255; 0 for none
 * @param jpegQuality 1 to 100 as libjpeg counts it; 0 for no compression
 */
public record Finish(int noise, int jpegQuality) {
    /** Left as drawn. */
    public static final Finish NONE = new Finish(0, 0);

    /** Refuses values out of range. */
    public Finish {
        if (noise < 0 || noise > 255 || jpegQuality < 0 || jpegQuality > 100) {
            throw new IllegalArgumentException("finish is out of range: noise=" + noise + " jpegQuality=" + jpegQuality
                    + "; expected 0 to 255 and 0 to 100");
        }
    }
}
