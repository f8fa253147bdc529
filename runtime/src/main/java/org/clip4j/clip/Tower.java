package org.clip4j.clip;

/** The two halves of a model, which load separately. */
public enum Tower {
    /** Encodes images. */
    IMAGE,
    /** Encodes texts. */
    TEXT
}
