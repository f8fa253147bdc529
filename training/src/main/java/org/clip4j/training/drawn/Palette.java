package org.clip4j.training.drawn;

import java.util.List;

/**
 * Backdrops and colours that scenes are made of. Every tone shows some of the colours. Immutable.
 *
 * @param tones of backdrops
 * @param textures of backdrops; one that is named twice is chosen twice as often
 * @param colours of things
 */
record Palette(List<Tone> tones, List<Texture> textures, List<Colour> colours) {
    private static final List<Texture> TEXTURES = List.of(Texture.PLAIN, Texture.PLAIN, Texture.GRADIENT, Texture.NOISY,
            Texture.PATTERNED);

    /** Everything there is. */
    static final Palette ALL = new Palette(List.of(Tone.values()), TEXTURES, List.of(Colour.values()));
    /** Black on white and white on black. */
    static final Palette INK = new Palette(List.of(Tone.WHITE, Tone.BLACK), List.of(Texture.PLAIN),
            List.of(Colour.BLACK, Colour.WHITE));

    /** One backdrop, and two colours that show on it and on each other. */
    static Palette narrow(Draws draws) {
        while (true) {
            Tone tone = draws.oneOf(ALL.tones);
            Colour first = draws.oneOf(ALL.colours);
            Colour second = draws.oneOf(ALL.colours);
            if (first.showsOn(tone) && second.showsOn(tone) && first.showsOn(second)) {
                return new Palette(List.of(tone), List.of(draws.oneOf(TEXTURES)), List.of(first, second));
            }
        }
    }
}
