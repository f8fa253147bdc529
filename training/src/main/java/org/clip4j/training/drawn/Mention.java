package org.clip4j.training.drawn;

/**
 * What a caption says of one or several like things. What is null is not said.
 *
 * @param count how many there are; 1 says that there is at least one, more than 1 that there are exactly so many,
 *        {@link #SEVERAL} that there are at least two
 * @param text what is written, for an inscription
 */
public record Mention(int count, Shape shape, Colour colour, Fill fill, Size size, String text) {
    /** More than one, without a number. */
    public static final int SEVERAL = 0;

    /** Refuses a count that no scene has and what figures and inscriptions cannot both have. */
    public Mention {
        if (count < 0 || count > Scene.MAX_ITEMS) {
            throw new IllegalArgumentException(
                    "count is out of range: expected=0.." + Scene.MAX_ITEMS + " actual=" + count);
        }
        if (text != null && (shape != null || fill != null || size != null)) {
            throw new IllegalArgumentException("an inscription has no shape, fill or size: text=" + text);
        }
    }

    /** Whether one thing is as it is said. */
    public boolean fits(Item item) {
        if (colour != null && colour != item.colour()) {
            return false;
        }
        if (item instanceof Inscription inscription) {
            return shape == null && fill == null && size == null && (text == null || text.equals(inscription.text()));
        }
        Figure figure = (Figure) item;
        return text == null && (shape == null || shape == figure.shape()) && (fill == null || fill == figure.fill())
                && (size == null || size == figure.size());
    }
}
