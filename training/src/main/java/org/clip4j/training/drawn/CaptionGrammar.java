package org.clip4j.training.drawn;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Says what is in a scene, in one of many ways. Every caption is true of its scene by {@link Claims#areTrueOf}. No state;
 * thread-safe.
 */
public final class CaptionGrammar {
    private final boolean heldOut;

    /**
     * Makes a grammar.
     *
     * @param heldOut whether it says things only as training never does; vague captions are then as in training
     */
    public CaptionGrammar(boolean heldOut) {
        this.heldOut = heldOut;
    }

    /** Makes a caption. */
    public Caption caption(Scene scene, Detail detail, Draws draws) {
        if (detail == Detail.VAGUE && draws.chance(0.35)) {
            String text = draws.oneOf(Wording.VAGUE);
            return new Caption(text, new Claims(List.of(), null, null, null), detail);
        }
        Claims claims = claims(scene, detail, draws);
        return new Caption(sentence(claims, draws), claims, detail);
    }

    private static Claims claims(Scene scene, Detail detail, Draws draws) {
        List<Mention> mentions = new ArrayList<>();
        boolean group = isGroup(scene);
        int count = group ? scene.items().size() : 1;
        if (group && detail != Detail.COMPLETE && draws.chance(0.25)) {
            count = Mention.SEVERAL;
        }
        // A vague caption says no colours or no shapes, of all things alike.
        boolean colourless = detail == Detail.NAMES || draws.chance(0.6);
        for (Item item : group ? scene.items().subList(0, 1) : scene.items()) {
            if (detail == Detail.COLOURS) {
                mentions.add(coloured(item, count));
            } else if (detail == Detail.VAGUE || detail == Detail.NAMES) {
                mentions.add(vague(item, count, colourless));
            } else {
                mentions.add(item instanceof Figure figure
                        ? figure(figure, count, detail, draws)
                        : inscription((Inscription) item, detail, draws));
            }
        }
        boolean complete = detail == Detail.COMPLETE;
        boolean related = complete || (detail == Detail.PARTIAL && draws.chance(0.85));
        boolean toned = complete || (detail == Detail.PARTIAL && draws.chance(0.35));
        boolean textured = complete || (toned && draws.chance(0.5));
        return new Claims(mentions, related ? scene.relation() : null, toned ? scene.backdrop().tone() : null,
                textured ? scene.backdrop().texture() : null);
    }

    private static Mention figure(Figure figure, int count, Detail detail, Draws draws) {
        boolean all = detail == Detail.COMPLETE;
        boolean colour = all || draws.chance(0.92);
        boolean fill = all || draws.chance(figure.fill() == Fill.SOLID ? 0.25 : 0.7);
        boolean size = all || draws.chance(0.35);
        return new Mention(count, figure.shape(), colour ? figure.colour() : null, fill ? figure.fill() : null,
                size ? figure.size() : null, null);
    }

    private static Mention inscription(Inscription item, Detail detail, Draws draws) {
        boolean colour = detail == Detail.COMPLETE || draws.chance(0.7);
        return new Mention(1, null, colour ? item.colour() : null, null, null, item.text());
    }

    private static Mention coloured(Item item, int count) {
        return item instanceof Figure figure
                ? new Mention(count, figure.shape(), figure.colour(), null, null, null)
                : new Mention(1, null, item.colour(), null, null, ((Inscription) item).text());
    }

    private static Mention vague(Item item, int count, boolean colourless) {
        if (item instanceof Figure figure) {
            return new Mention(count, colourless ? figure.shape() : null, colourless ? null : figure.colour(), null,
                    null,
                    null);
        }
        return new Mention(count, null, null, null, null, ((Inscription) item).text());
    }

    /** Whether all things are alike but for their places. */
    private static boolean isGroup(Scene scene) {
        if (scene.items().size() < 2 || !(scene.items().get(0) instanceof Figure first)) {
            return false;
        }
        for (Item item : scene.items()) {
            if (!(item instanceof Figure figure) || !first.equals(figure.at(first.placement()))) {
                return false;
            }
        }
        return true;
    }

    private String sentence(Claims claims, Draws draws) {
        List<String> phrases = new ArrayList<>();
        for (Mention mention : claims.mentions()) {
            boolean brief = claims.mentions().size() > 2;
            phrases.add(brief ? NounPhrases.brief(mention, draws) : NounPhrases.of(mention, heldOut, draws));
        }
        String things;
        if (phrases.size() == 2) {
            String pattern = draws.oneOf(Wording.relations(claims.relation(), heldOut));
            things = fill(pattern, phrases.get(0), phrases.get(1));
        } else {
            things = list(phrases, draws);
        }
        // Such an order of words stands by itself.
        boolean whole = heldOut && claims.relation() != null;
        String frame = whole ? "{}" : draws.oneOf(Wording.frames(heldOut));
        if (!claims.mentions().isEmpty() && claims.mentions().get(0).count() != 1) {
            frame = frame.replace("there is {}", "there are {}").replace("this is {}", "these are {}");
        }
        if (claims.tone() != null) {
            String tone = draws.oneOf(Wording.names(claims.tone()));
            String backdrop = draws.oneOf(Wording.backdrops(claims.texture())).replace("{}", tone);
            things = things + " " + backdrop;
        }
        return frame.replace("{}", things).replace(" ,", ",");
    }

    private static String fill(String pattern, String first, String second) {
        StringBuilder words = new StringBuilder();
        for (String word : pattern.split(" ", -1)) {
            words.append(words.length() == 0 ? "" : " ");
            words.append(word.equals("A") ? first : word.equals("B") ? second : word);
        }
        return words.toString();
    }

    /** In the scene's order or the other way round. */
    private static String list(List<String> phrases, Draws draws) {
        if (phrases.size() == 1) {
            return phrases.get(0);
        }
        List<String> order = new ArrayList<>(phrases);
        if (draws.chance(0.5)) {
            Collections.reverse(order);
        }
        String last = order.remove(order.size() - 1);
        return String.join(", ", order) + " and " + last;
    }
}
