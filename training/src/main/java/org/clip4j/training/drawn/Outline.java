package org.clip4j.training.drawn;

import java.util.EnumMap;
import java.util.Map;

/**
 * The form of a shape within the unit circle: signed distances to its edge, negative inside. y points down.
 *
 * <p>
 * Source of the distance of polygons and of the heart: Inigo Quilez, 2D distance functions.
 */
abstract class Outline {
    private static final Map<Shape, Outline> OUTLINES = new EnumMap<>(Shape.class);

    static {
        for (Shape shape : Shape.values()) {
            OUTLINES.put(shape, make(shape));
        }
    }

    static Outline of(Shape shape) {
        return OUTLINES.get(shape);
    }

    /** Distance of a point to the edge; 1 is the figure's radius. */
    abstract double distance(double x, double y);

    private static Outline make(Shape shape) {
        return switch (shape) {
            case CIRCLE -> new Circle();
            case SQUARE -> new Polygon(-0.78, -0.78, 0.78, -0.78, 0.78, 0.78, -0.78, 0.78);
            case TRIANGLE -> regular(3, 1, 1);
            case DIAMOND -> new Polygon(0, -1, 0.62, 0, 0, 1, -0.62, 0);
            case HEXAGON -> regular(6, 0.95, 0.95);
            case OVAL -> new Oval();
            case STAR -> regular(10, 1, 0.42);
            case HEART -> new Heart();
            case CROSS -> new Polygon(-0.28, -0.95, 0.28, -0.95, 0.28, -0.28, 0.95, -0.28, 0.95, 0.28, 0.28, 0.28, 0.28,
                    0.95, -0.28, 0.95, -0.28, 0.28, -0.95, 0.28, -0.95, -0.28, -0.28, -0.28);
            case RING -> new Ring();
            case CRESCENT -> new Crescent();
            case ARROW -> new Polygon(-0.95, -0.22, 0.1, -0.22, 0.1, -0.68, 0.98, 0, 0.1, 0.68, 0.1, 0.22, -0.95, 0.22);
            default -> throw new IllegalStateException("shape has no outline: shape=" + shape);
        };
    }

    /** Corners at equal angles, the first at the top, at two radii in turn. */
    private static Polygon regular(int corners, double even, double odd) {
        double[] points = new double[2 * corners];
        for (int i = 0; i < corners; i++) {
            double angle = 2 * Math.PI * i / corners;
            double radius = i % 2 == 0 ? even : odd;
            points[2 * i] = radius * StrictMath.sin(angle);
            points[2 * i + 1] = -radius * StrictMath.cos(angle);
        }
        return new Polygon(points);
    }

    private static double length(double x, double y) {
        return Math.sqrt(x * x + y * y);
    }

    private static final class Circle extends Outline {
        @Override
        double distance(double x, double y) {
            return length(x, y) - 0.95;
        }
    }

    /** The usual estimate of an ellipse's distance, exact on the edge. */
    private static final class Oval extends Outline {
        private static final double HALF_HEIGHT = 0.56;

        @Override
        double distance(double x, double y) {
            double v = y / HALF_HEIGHT;
            double level = length(x, v);
            if (level < 1e-9) {
                return -HALF_HEIGHT;
            }
            return level * (level - 1) / length(x, v / HALF_HEIGHT);
        }
    }

    private static final class Ring extends Outline {
        @Override
        double distance(double x, double y) {
            return Math.abs(length(x, y) - 0.72) - 0.24;
        }
    }

    private static final class Crescent extends Outline {
        @Override
        double distance(double x, double y) {
            return Math.max(length(x, y) - 0.98, 0.8 - length(x - 0.48, y));
        }
    }

    private static final class Heart extends Outline {
        /** The source's heart is 1.2 wide and 1.1 high above its tip. */
        private static final double SCALE = 0.62;
        private static final double LOBE = Math.sqrt(2) / 4;

        @Override
        double distance(double x, double y) {
            double px = Math.abs(x) * SCALE;
            double py = 0.54 - y * SCALE;
            if (px + py > 1) {
                return (length(px - 0.25, py - 0.75) - LOBE) / SCALE;
            }
            double fold = 0.5 * Math.max(px + py, 0);
            double nearest = Math.min(length(px, py - 1), length(px - fold, py - fold));
            return (px < py ? -nearest : nearest) / SCALE;
        }
    }

    private static final class Polygon extends Outline {
        /** Numbers kept of an edge: where it starts, how far it goes, y of its end, 1 by its squared length. */
        private static final int STRIDE = 6;

        private final double[] edges;

        private Polygon(double... points) {
            edges = new double[points.length / 2 * STRIDE];
            for (int i = 0; i < points.length; i += 2) {
                int next = (i + 2) % points.length;
                double ex = points[next] - points[i];
                double ey = points[next + 1] - points[i + 1];
                int at = i / 2 * STRIDE;
                edges[at] = points[i];
                edges[at + 1] = points[i + 1];
                edges[at + 2] = ex;
                edges[at + 3] = ey;
                edges[at + 4] = points[next + 1];
                edges[at + 5] = 1 / (ex * ex + ey * ey);
            }
        }

        @Override
        double distance(double x, double y) {
            double nearest = Double.MAX_VALUE;
            boolean inside = false;
            for (int at = 0; at < edges.length; at += STRIDE) {
                double ex = edges[at + 2];
                double ey = edges[at + 3];
                double wx = x - edges[at];
                double wy = y - edges[at + 1];
                double t = Canvas.clamp((wx * ex + wy * ey) * edges[at + 5]);
                double dx = wx - ex * t;
                double dy = wy - ey * t;
                double square = dx * dx + dy * dy;
                nearest = square < nearest ? square : nearest;
                inside ^= (edges[at + 1] > y != edges[at + 4] > y) && (ey > 0) == (wx * ey < wy * ex);
            }
            double distance = Math.sqrt(nearest);
            return inside ? -distance : distance;
        }
    }
}
