package org.clip4j.training.drawn;

/** Puts a mention into words, in one of many ways. */
final class NounPhrases {
    private NounPhrases() {}

    /** The shortest phrase there is, for the many things of long captions: article, adjectives, noun. */
    static String brief(Mention mention, Draws draws) {
        if (mention.text() != null) {
            return inscription(mention, draws);
        }
        String size = mention.size() == null ? "" : draws.oneOf(Wording.names(mention.size()));
        String colour = mention.colour() == null ? "" : draws.oneOf(Wording.names(mention.colour()));
        String fill = mention.fill() == null ? "" : draws.oneOf(Wording.names(mention.fill()));
        return withArticle(join(size, fill, colour, noun(mention, draws)));
    }

    /** A phrase with its article or number, of words that training uses; in another order if held out. */
    static String of(Mention mention, boolean heldOut, Draws draws) {
        if (mention.text() != null) {
            return inscription(mention, draws);
        }
        String size = mention.size() == null ? "" : draws.oneOf(Wording.names(mention.size()));
        String colour = mention.colour() == null ? "" : draws.oneOf(Wording.names(mention.colour()));
        String fill = mention.fill() == null ? "" : draws.oneOf(Wording.names(mention.fill()));
        String noun = noun(mention, draws);
        boolean many = mention.count() != 1;
        if (heldOut && !many && !colour.isEmpty() && mention.shape() != null) {
            return counted(mention, join(noun, "that is", size, fill, colour), draws);
        }
        int style = draws.weighted(10, 2, 2, 1);
        String suffix = mention.fill() == null || draws.chance(0.7) ? "" : Wording.suffix(mention.fill());
        boolean behind = !suffix.isEmpty();
        String before = behind ? "" : fill;
        if (style == 1 && !colour.isEmpty()) {
            return counted(mention, join(size, before, noun, "in", colour, suffix), draws);
        }
        if (style == 2 && !colour.isEmpty()) {
            return counted(mention, join(size, colour, before, noun, suffix), draws);
        }
        if (style == 3 && !colour.isEmpty() && !behind) {
            return counted(mention, join(size, before, noun, many ? "that are" : "that is", colour), draws);
        }
        return counted(mention, join(size, before, colour, noun, suffix), draws);
    }

    /** With the indefinite article that its first letter wants. */
    static String withArticle(String words) {
        return ("aeiou8".indexOf(words.charAt(0)) >= 0 ? "an " : "a ") + words;
    }

    private static String noun(Mention mention, Draws draws) {
        String noun = mention.shape() == null
                ? draws.chance(0.5) ? "shape" : "thing"
                : draws.oneOf(Wording.names(mention.shape()));
        return mention.count() == 1 ? noun : Wording.plural(noun);
    }

    private static String counted(Mention mention, String words, Draws draws) {
        switch (mention.count()) {
            case 1 -> {
                return draws.chance(0.05) ? "one " + words : withArticle(words);
            }
            case Mention.SEVERAL -> {
                return (draws.chance(0.5) ? "some " : "several ") + words;
            }
            case 2 -> {
                return (draws.chance(0.25) ? "a pair of " : "two ") + words;
            }
            default -> {
                String number = Wording.NUMBERS.get(mention.count());
                return (draws.chance(0.15) ? "a group of " + number : number) + " " + words;
            }
        }
    }

    private static String inscription(Mention mention, Draws draws) {
        String colour = mention.colour() == null ? "" : draws.oneOf(Wording.names(mention.colour()));
        String text = mention.text();
        if (text.charAt(0) > '9') {
            return word(text, colour, draws);
        }
        String digit = draws.chance(0.5) ? text : Wording.NUMBERS.get(text.charAt(0) - '0');
        String kind = draws.chance(0.6) ? "digit" : "number";
        return switch (draws.below(4)) {
            case 0 -> withArticle(join(colour, digit));
            case 1 -> colour.isEmpty() ? "the " + kind + " " + digit : join("the", kind, digit, "in", colour);
            case 2 -> join("the", colour, kind, digit);
            default -> colour.isEmpty() ? "the " + digit : join("the", kind, digit, "drawn in", colour);
        };
    }

    private static String word(String text, String colour, Draws draws) {
        String letters = String.join(" ", text.split(""));
        return switch (draws.below(5)) {
            case 0 -> join("the", colour, "word", text);
            case 1 -> join("the word", text, colour.isEmpty() ? "" : "in " + colour);
            case 2 -> join("the", colour, "letters", letters);
            case 3 -> join("the word", text, "in", colour, "letters");
            default -> join(colour, "letters that spell", text);
        };
    }

    private static String join(String... words) {
        StringBuilder joined = new StringBuilder();
        for (String word : words) {
            if (!word.isEmpty()) {
                joined.append(joined.length() == 0 ? "" : " ").append(word);
            }
        }
        return joined.toString();
    }
}
