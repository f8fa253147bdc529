package org.clip4j.training.drawn;

import java.util.Objects;

/** What lies behind all things of a scene. */
public record Backdrop(Tone tone, Texture texture) {

    /** Refuses nulls. */
    public Backdrop {
        Objects.requireNonNull(tone, "tone");
        Objects.requireNonNull(texture, "texture");
    }
}
