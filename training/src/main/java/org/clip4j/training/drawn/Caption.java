package org.clip4j.training.drawn;

import java.util.Objects;

/** A sentence about a scene, and what it says. */
public record Caption(String text, Claims claims, Detail detail) {

    /** Refuses nulls. */
    public Caption {
        Objects.requireNonNull(text, "text");
        Objects.requireNonNull(claims, "claims");
        Objects.requireNonNull(detail, "detail");
    }
}
