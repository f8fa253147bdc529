package org.clip4j.training.drawn;

/**
 * Where a thing is.
 *
 * @param x centre from the left, 1 is the picture's side
 * @param y centre from the top
 * @param radius of the circle around a figure; half the height of an inscription
 * @param angle clockwise, in radians
 */
public record Placement(double x, double y, double radius, double angle) {

    /** Refuses a radius that is not positive. */
    public Placement {
        if (!(radius > 0)) {
            throw new IllegalArgumentException("radius must be positive: radius=" + radius);
        }
    }

    /** Distance of the two centres, 1 is the picture's side. */
    public double distance(Placement other) {
        double dx = x - other.x;
        double dy = y - other.y;
        return Math.sqrt(dx * dx + dy * dy);
    }
}
