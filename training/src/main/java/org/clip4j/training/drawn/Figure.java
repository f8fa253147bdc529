package org.clip4j.training.drawn;

/** A shape in a scene. Rings are never dotted or outlined and circles never outlined: they would look alike. */
public record Figure(Shape shape, Colour colour, Fill fill, Size size, Placement placement) implements Item {

    /** Refuses a fill that the shape cannot have. */
    public Figure {
        if (!shape.allows(fill)) {
            throw new IllegalArgumentException("shape cannot have this fill: shape=" + shape + " fill=" + fill);
        }
    }

    Figure at(Placement other) {
        return new Figure(shape, colour, fill, size, other);
    }
}
