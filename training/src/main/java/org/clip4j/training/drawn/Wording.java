package org.clip4j.training.drawn;

import java.util.List;
import java.util.Locale;

/**
 * The words of captions. In a pattern, {@code {}} stands for what is said and {@code A} and {@code B} for two things.
 * Lists that are named for it are never used in training, though all of their words are.
 */
final class Wording {
    /** Some stand twice, to occur twice as often. */
    static final List<String> FRAMES = List.of("{}", "{}", "{}", "{}", "a picture of {}", "a picture of {}",
            "a picture showing {}", "a drawing of {}", "a drawing of {}", "an image of {}", "an image with {}",
            "a photo of {}", "a photo of {}", "this is {}", "there is {}", "here we see {}",
            "a picture in which there is {}", "{} drawn by a computer", "a simple drawing of {}",
            "this picture shows {}", "{} can be seen", "you can see {}", "the picture has {}", "it shows {}",
            "a painting of {}", "this image shows {}", "in the picture there is {}", "a bad photo of {}",
            "a good drawing of {}", "a nice picture of {}");
    static final List<String> HELD_OUT_FRAMES = List.of("here {} can be seen", "this is a simple picture showing {}",
            "we see a drawing of {}", "there is an image of {}", "the drawing shows {}",
            "a nice painting in which you see {}");

    static final List<String> LEFT_OF = List.of("A to the left of B", "A left of B", "B to the right of A",
            "B right of A", "A on the left and B on the right", "A on the left of B");
    static final List<String> ABOVE = List.of("A above B", "A over B", "B below A", "B under A",
            "A at the top and B at the bottom", "A on top and B below");
    static final List<String> INSIDE = List.of("A inside B", "A within B", "B with A inside", "B around A",
            "A in the middle of B");
    static final List<String> HELD_OUT_LEFT_OF = List.of("to the left of B there is A",
            "on the right B , on the left A");
    static final List<String> HELD_OUT_ABOVE = List.of("below A there is B", "at the bottom B and above A");
    static final List<String> HELD_OUT_INSIDE = List.of("inside B there is A", "around A there is B");
    static final List<String> NO_RELATION = List.of("A and B", "B and A", "A with B", "A next to B", "A , B");

    static final List<String> PLAIN = List.of("on a plain {} background", "on plain {}",
            "against a plain {} background");
    static final List<String> GRADIENT = List.of("on a {} gradient", "on a fading {} background",
            "on a {} background with a gradient");
    static final List<String> NOISY = List.of("on a noisy {} background", "on a grainy {} background", "on {} grain");
    static final List<String> PATTERNED = List.of("on a patterned {} background", "on a {} pattern",
            "on a {} background with a pattern");
    static final List<String> ANY_TEXTURE = List.of("on a {} background", "on {}", "against a {} background",
            "in front of a {} background");

    static final List<String> VAGUE = List.of("a picture", "a drawing", "some picture", "an image", "a simple picture",
            "a picture drawn by a computer", "a small picture of something", "this is a picture",
            "here we see a simple drawing", "something drawn by a computer",
            "this is one of many pictures that were drawn by a computer", "there is something in the picture",
            "an image that shows something on a background");

    static final List<String> NUMBERS = List.of("zero", "one", "two", "three", "four", "five", "six", "seven", "eight",
            "nine");

    private Wording() {}

    static List<String> frames(boolean heldOut) {
        return heldOut ? HELD_OUT_FRAMES : FRAMES;
    }

    static List<String> relations(Relation relation, boolean heldOut) {
        if (relation == null) {
            return NO_RELATION;
        }
        return switch (relation) {
            case LEFT_OF -> heldOut ? HELD_OUT_LEFT_OF : LEFT_OF;
            case ABOVE -> heldOut ? HELD_OUT_ABOVE : ABOVE;
            default -> heldOut ? HELD_OUT_INSIDE : INSIDE;
        };
    }

    static List<String> backdrops(Texture texture) {
        if (texture == null) {
            return ANY_TEXTURE;
        }
        return switch (texture) {
            case PLAIN -> PLAIN;
            case GRADIENT -> GRADIENT;
            case NOISY -> NOISY;
            default -> PATTERNED;
        };
    }

    /** Names of a shape, the common one twice. */
    static List<String> names(Shape shape) {
        return switch (shape) {
            case CIRCLE -> List.of("circle", "circle", "disc");
            case SQUARE -> List.of("square", "square", "box");
            case DIAMOND -> List.of("diamond", "diamond", "rhombus");
            case OVAL -> List.of("oval", "oval", "ellipse");
            case CROSS -> List.of("cross", "cross", "plus");
            case RING -> List.of("ring", "ring", "hoop");
            case CRESCENT -> List.of("crescent", "crescent", "moon");
            case STAR -> List.of("star");
            case TRIANGLE -> List.of("triangle");
            case HEXAGON -> List.of("hexagon");
            case HEART -> List.of("heart");
            default -> List.of("arrow");
        };
    }

    static String plural(String name) {
        if (name.endsWith("us") || name.endsWith("ss") || name.equals("box")) {
            return name + "es";
        }
        return name + "s";
    }

    static List<String> names(Colour colour) {
        return switch (colour) {
            case GRAY -> List.of("gray", "grey");
            case PURPLE -> List.of("purple", "purple", "violet");
            case CYAN -> List.of("cyan", "cyan", "turquoise");
            default -> List.of(colour.name().toLowerCase(Locale.ROOT));
        };
    }

    static List<String> names(Tone tone) {
        return switch (tone) {
            case GRAY -> List.of("gray", "grey");
            case CREAM -> List.of("cream", "pale yellow", "light yellow");
            case PALE_BLUE -> List.of("pale blue", "light blue");
            case PALE_GREEN -> List.of("pale green", "light green");
            case PALE_PINK -> List.of("pale pink", "light pink");
            case DARK_BLUE -> List.of("dark blue", "navy");
            case DARK_RED -> List.of("dark red", "maroon");
            default -> List.of(tone.name().toLowerCase(Locale.ROOT).replace('_', ' '));
        };
    }

    static List<String> names(Fill fill) {
        return switch (fill) {
            case SOLID -> List.of("solid", "filled");
            case STRIPED -> List.of("striped");
            case DOTTED -> List.of("dotted", "spotted");
            default -> List.of("outlined", "hollow", "empty");
        };
    }

    /** What can be said behind a noun instead; empty for solid ones. */
    static String suffix(Fill fill) {
        return switch (fill) {
            case STRIPED -> "with stripes";
            case DOTTED -> "with dots";
            case OUTLINED -> "with nothing inside";
            default -> "";
        };
    }

    static List<String> names(Size size) {
        return switch (size) {
            case SMALL -> List.of("small", "little", "tiny");
            case MEDIUM -> List.of("medium", "average");
            default -> List.of("large", "big", "huge");
        };
    }
}
