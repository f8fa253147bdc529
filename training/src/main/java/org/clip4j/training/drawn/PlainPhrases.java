package org.clip4j.training.drawn;

/**
 * Says things in one way only, of words and in an order that training uses: for questions whose answers differ in one
 * respect. Stateless.
 */
public final class PlainPhrases {
    private PlainPhrases() {}

    /** "a red circle". */
    public static String of(Shape shape, Colour colour) {
        return NounPhrases.withArticle(name(colour) + " " + name(shape));
    }

    /** "a striped red circle". */
    public static String of(Fill fill, Shape shape, Colour colour) {
        return NounPhrases.withArticle(Wording.names(fill).get(0) + " " + name(colour) + " " + name(shape));
    }

    /** "three red circles". */
    public static String counted(int count, Shape shape, Colour colour) {
        String name = name(shape);
        return Wording.NUMBERS.get(count) + " " + name(colour) + " " + (count == 1 ? name : Wording.plural(name));
    }

    /** "the digit 7" or "the word cat". */
    public static String written(String text) {
        return (text.charAt(0) > '9' ? "the word " : "the digit ") + text;
    }

    /** A figure with its colour, or what is written. */
    public static String of(Item item) {
        return item instanceof Figure figure
                ? of(figure.shape(), figure.colour())
                : written(((Inscription) item).text());
    }

    /** "a red circle to the left of a blue square". */
    public static String related(Item first, Relation relation, Item second) {
        String words = switch (relation) {
            case LEFT_OF -> " to the left of ";
            case ABOVE -> " above ";
            default -> " inside ";
        };
        return of(first) + words + of(second);
    }

    private static String name(Colour colour) {
        return Wording.names(colour).get(0);
    }

    private static String name(Shape shape) {
        return Wording.names(shape).get(0);
    }
}
