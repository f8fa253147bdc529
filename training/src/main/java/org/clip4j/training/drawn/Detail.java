package org.clip4j.training.drawn;

/** How much a caption says. */
public enum Detail {
    /** Every thing with its size, fill and colour, how two things lie, and the backdrop. */
    COMPLETE,
    /** What somebody would say who looks at it. */
    PARTIAL,
    /** Less than that: no colours, no shapes, or nothing in particular, sometimes in many words. Never false. */
    VAGUE,
    /** What the things are, and nothing else of them or of the picture. */
    NAMES,
    /** What the things are and of which colours, and nothing else. */
    COLOURS
}
