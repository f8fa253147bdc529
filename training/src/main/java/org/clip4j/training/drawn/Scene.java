package org.clip4j.training.drawn;

import java.util.List;
import java.util.Objects;

/**
 * All that a picture shows, and all that decides its bytes.
 *
 * @param items one to five things, earlier ones in front of later ones
 * @param relation how the first item lies to the second, where the scene is about that; else null
 * @param grain seed of what has no name: shades, grain, phase of stripes and patterns
 */
public record Scene(Backdrop backdrop, List<Item> items, Relation relation, Finish finish, long grain) {
    /** Most things in a scene. */
    public static final int MAX_ITEMS = 5;

    /** Refuses a number of items out of range and a relation that does not hold. */
    public Scene {
        Objects.requireNonNull(backdrop, "backdrop");
        Objects.requireNonNull(finish, "finish");
        items = List.copyOf(items);
        if (items.isEmpty() || items.size() > MAX_ITEMS) {
            throw new IllegalArgumentException(
                    "scene has a wrong number of items: expected=1.." + MAX_ITEMS + " actual=" + items.size());
        }
        if (relation != null && (items.size() != 2 || !relation.holds(items.get(0), items.get(1)))) {
            throw new IllegalArgumentException("relation does not hold: relation=" + relation + " items=" + items);
        }
    }
}
