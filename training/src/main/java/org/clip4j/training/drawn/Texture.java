package org.clip4j.training.drawn;

/** How a backdrop's tone is laid on. */
public enum Texture {
    /** One colour. */
    PLAIN,
    /** Fading in one direction. */
    GRADIENT,
    /** Grain, independent in each pixel. */
    NOISY,
    /** Checks, lines or dots of two shades. */
    PATTERNED
}
