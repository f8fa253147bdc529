package org.clip4j.training.drawn;

/** A thing in a scene. */
public sealed interface Item permits Figure, Inscription {

    /** The colour in which it is drawn. */
    Colour colour();

    /** Where it is. */
    Placement placement();
}
