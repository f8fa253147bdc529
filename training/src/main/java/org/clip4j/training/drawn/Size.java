package org.clip4j.training.drawn;

/** How large a figure is: ranges of its radius as a part of the picture's side, with room between them. */
public enum Size {
    SMALL(0.145, 0.165), MEDIUM(0.21, 0.24), LARGE(0.30, 0.36);

    private final double least;
    private final double most;

    Size(double least, double most) {
        this.least = least;
        this.most = most;
    }

    /** Smallest radius, 1 is the picture's side. */
    public double least() {
        return least;
    }

    /** Largest radius, 1 is the picture's side. */
    public double most() {
        return most;
    }
}
