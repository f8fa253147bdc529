package org.clip4j.training.drawn;

/** How one thing lies to another. */
public enum Relation {
    LEFT_OF, ABOVE, INSIDE;

    /** 0.05: centres nearer than this are neither left nor right, neither above nor below. */
    private static final double MARGIN = 0.05;

    /**
     * Whether the first thing lies so to the second. Generous: of two things that lie diagonally, one is both left of and
     * above the other. Sampled relations are clearer than this.
     */
    public boolean holds(Item first, Item second) {
        Placement a = first.placement();
        Placement b = second.placement();
        return switch (this) {
            case LEFT_OF -> b.x() - a.x() > MARGIN;
            case ABOVE -> b.y() - a.y() > MARGIN;
            default -> second instanceof Figure && a.distance(b) + a.radius() < b.radius();
        };
    }
}
