package org.clip4j.training.drawn;

import java.util.ArrayList;
import java.util.List;

/** Finds places for the things of a scene. Lengths are parts of the picture's side. */
final class Layout {
    /** Where a thing is that has no place yet. */
    static final Placement ANYWHERE = new Placement(0.5, 0.5, 0.1, 0);
    /** Largest angle of an inscription, 12 degrees. */
    private static final double TILT = StrictMath.toRadians(12);
    /** Things of a pair lie at most this part of their distance askew, so that one relation is the plain one. */
    private static final double ASKEW = 0.35;

    /** Radius of a figure that lies in a large one: less than half of that. */
    private static final double INNER = 0.13;

    private Layout() {}

    /** Anywhere; one in ten is cut off a little by the picture's edge. */
    static Placement single(Shape shape, Size size, Draws draws) {
        double radius = draws.between(size.least(), size.most());
        double margin = draws.chance(0.1) ? 0.8 * radius : 1.05 * radius;
        return new Placement(draws.between(margin, 1 - margin), draws.between(margin, 1 - margin), radius,
                angle(shape, draws));
    }

    /** As large as fits, or down to six tenths of that. */
    static Placement inscription(String text, Draws draws) {
        double halfWidth = 2 * StrokeFont.halfWidth(text);
        double angle = draws.between(-TILT, TILT);
        // 0.44: half the side less a margin; half a stroke and the tilt take the rest.
        double most = Math.min(0.40, 0.44 / (halfWidth + 0.4));
        double radius = most * draws.between(text.length() == 1 ? 0.5 : 0.8, 1);
        double spareX = Math.max(0, 0.48 - radius * (halfWidth + 0.4));
        double spareY = Math.max(0, 0.48 - radius * (1.15 + 0.2 * halfWidth));
        return new Placement(0.5 + draws.between(-spareX, spareX), 0.5 + draws.between(-spareY, spareY), radius, angle);
    }

    /** The first to the left of or above the second, near or far; where they may, one in four overlaps. */
    static List<Item> pair(Figure first, Item second, Relation relation, boolean mayOverlap, Draws draws) {
        double firstRadius = draws.between(first.size().least(), first.size().most());
        double secondRadius = second instanceof Figure figure
                ? draws.between(figure.size().least(), figure.size().most())
                : draws.between(0.12, 0.15);
        double touching = firstRadius + secondRadius;
        double most = Math.max(1 - touching, touching);
        boolean overlap = mayOverlap && draws.chance(0.25);
        double apart = overlap ? touching * draws.between(0.78, 0.95) : draws.between(touching, most);
        double askew = apart * draws.between(-ASKEW, ASKEW);
        double along = draws.between(firstRadius, Math.max(firstRadius, 1 - secondRadius - apart));
        double low = Math.max(firstRadius, secondRadius - askew);
        double high = Math.min(1 - firstRadius, 1 - secondRadius - askew);
        double across = low < high ? draws.between(low, high) : (low + high) / 2;
        double firstAngle = angle(first.shape(), draws);
        double secondAngle = second instanceof Figure figure
                ? angle(figure.shape(), draws)
                : draws.between(-TILT, TILT);
        boolean row = relation == Relation.LEFT_OF;
        Placement a = place(row, along, across, firstRadius, firstAngle);
        Placement b = place(row, along + apart, across + askew, secondRadius, secondAngle);
        return List.of(first.at(a), moved(second, b));
    }

    /** The same two things with their places mirrored, so that the second has the relation to the first. */
    static List<Item> mirrored(List<Item> items, Relation relation) {
        List<Item> mirrored = new ArrayList<>();
        for (Item item : items) {
            Placement p = item.placement();
            boolean row = relation == Relation.LEFT_OF;
            mirrored.add(moved(item, new Placement(row ? 1 - p.x() : p.x(), row ? p.y() : 1 - p.y(), p.radius(),
                    p.angle())));
        }
        return mirrored;
    }

    /** The inner one is the first item and so in front. */
    static List<Item> inside(Figure inner, Figure outer, Draws draws) {
        Placement large = single(outer.shape(), outer.size(), draws);
        double radius = INNER * draws.between(1, 1.1);
        double room = 0.12 * large.radius();
        Placement small = new Placement(large.x() + draws.between(-room, room), large.y() + draws.between(-room, room),
                radius, angle(inner.shape(), draws));
        return List.of(inner.at(small), outer.at(large));
    }

    /** Figures of one size in cells of a grid, two by two for medium and three by three for small ones. */
    static List<Item> scatter(List<Figure> figures, Size size, Draws draws) {
        int cells = size == Size.SMALL ? 3 : 2;
        List<Integer> free = new ArrayList<>();
        for (int i = 0; i < cells * cells; i++) {
            free.add(i);
        }
        List<Item> items = new ArrayList<>();
        for (Figure figure : figures) {
            int cell = free.remove(draws.below(free.size()));
            double radius = draws.between(size.least(), size.most());
            double spare = 0.5 / cells - radius;
            int row = cell / cells;
            double x = (cell - row * cells + 0.5) / cells + draws.between(-spare, spare);
            double y = (row + 0.5) / cells + draws.between(-spare, spare);
            items.add(figure.at(new Placement(x, y, radius, angle(figure.shape(), draws))));
        }
        return items;
    }

    private static Placement place(boolean row, double along, double across, double radius, double angle) {
        return new Placement(row ? along : across, row ? across : along, radius, angle);
    }

    private static Item moved(Item item, Placement placement) {
        if (item instanceof Figure figure) {
            return figure.at(placement);
        }
        Inscription inscription = (Inscription) item;
        return new Inscription(inscription.text(), inscription.colour(), placement);
    }

    private static double angle(Shape shape, Draws draws) {
        return draws.between(-shape.turn(), shape.turn());
    }
}
