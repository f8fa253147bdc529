package org.clip4j.training.drawn;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What training never shows: combinations of what it does show, and words. Phrasings are held out by the grammar. */
public final class HeldOut {
    /** Words that are written in training scenes. */
    public static final List<String> TRAINING_WORDS = List.of("ant", "bee", "bird", "book", "bus", "car", "cup", "door",
            "egg", "fish", "fox", "hand", "hat", "home", "ice", "jam", "key", "king", "kite", "lamp", "map", "milk",
            "net",
            "owl", "pen", "road", "ship", "sky", "sun", "toy", "vase", "wolf", "zip", "cow", "dice", "farm");
    /** Words that are written in scenes of {@link Split#UNSEEN_WORD} only. */
    public static final List<String> WORDS = List.of("cat", "dog", "tree", "leaf", "frog", "rain", "nest", "pig",
            "hill",
            "bag");

    private static final List<Shape> SHAPES = List.of(Shape.values());
    private static final List<Colour> COLOURS = List.of(Colour.values());
    private static final Map<Shape, Fill> FILLS = new EnumMap<>(Map.of(Shape.STAR, Fill.DOTTED, Shape.HEART,
            Fill.STRIPED, Shape.SQUARE, Fill.OUTLINED, Shape.ARROW, Fill.DOTTED, Shape.HEXAGON, Fill.STRIPED,
            Shape.TRIANGLE, Fill.OUTLINED, Shape.CIRCLE, Fill.DOTTED));

    private HeldOut() {}

    /** Whether training never shows a shape in a colour: two of twelve for each shape, and two for each colour. */
    public static boolean contains(Shape shape, Colour colour) {
        int apart = Math.floorMod(COLOURS.indexOf(colour) - SHAPES.indexOf(shape), COLOURS.size());
        return apart == 3 || apart == 8;
    }

    /** Whether training never shows a shape with a fill. */
    public static boolean contains(Shape shape, Fill fill) {
        return FILLS.get(shape) == fill;
    }

    /** Shapes and fills that training never shows together, as pairs: the fill of each shape that has one. */
    public static Map<Shape, Fill> fills() {
        return Map.copyOf(FILLS);
    }

    /** The colours in which training never shows a shape. */
    public static List<Colour> colours(Shape shape) {
        List<Colour> colours = new ArrayList<>();
        for (Colour colour : Colour.values()) {
            if (contains(shape, colour)) {
                colours.add(colour);
            }
        }
        return colours;
    }
}
