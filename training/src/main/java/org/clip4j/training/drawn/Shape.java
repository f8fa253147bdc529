package org.clip4j.training.drawn;

/** The shapes that figures have. */
public enum Shape {
    CIRCLE(180), SQUARE(18), TRIANGLE(180), DIAMOND(18), HEXAGON(180), OVAL(180), STAR(180), HEART(30), CROSS(18), RING(
            180), CRESCENT(180), ARROW(180);

    private final double turn;

    Shape(int turnDegrees) {
        turn = StrictMath.toRadians(turnDegrees);
    }

    /** Largest angle by which it may be turned and keep its name, in radians: a square on its tip is a diamond. */
    public double turn() {
        return turn;
    }

    /** Whether a figure of this shape can be filled so and not be taken for another. */
    public boolean allows(Fill fill) {
        if (this == RING) {
            return fill == Fill.SOLID || fill == Fill.STRIPED;
        }
        return this != CIRCLE || fill != Fill.OUTLINED;
    }

    /** Whether a small figure has room within a large one. */
    public boolean holdsOthers() {
        return this == CIRCLE || this == SQUARE || this == HEXAGON || this == HEART;
    }
}
