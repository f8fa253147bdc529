package org.clip4j.training.drawn;

/**
 * A digit or a short word in a scene, drawn by strokes.
 *
 * @param text a digit or lower-case letters; letters are drawn as capitals
 */
public record Inscription(String text, Colour colour, Placement placement) implements Item {

    /** Refuses a text that has no strokes. */
    public Inscription {
        if (!text.matches("[0-9]|[a-z]+")) {
            throw new IllegalArgumentException("inscription is neither a digit nor a word: text='" + text
                    + "'; expected one digit or letters from a to z");
        }
    }

    /** Whether it is a digit; else it is a word. */
    public boolean isDigit() {
        return text.charAt(0) <= '9';
    }
}
