package org.clip4j.training.drawn;

/** How a figure is filled. What shows between stripes and dots and within an outline is what lies under the figure. */
public enum Fill {
    SOLID, STRIPED, DOTTED, OUTLINED
}
