package org.clip4j.training.drawn;

import java.util.ArrayList;
import java.util.List;

/** Makes up scenes of a split: what is in them, here, and where, by {@link Layout}. Immutable and thread-safe. */
public final class SceneSampler {
    private static final int SINGLE = 0;
    private static final int PAIR = 1;
    private static final int INSIDE = 2;
    private static final int GROUP = 3;
    private static final int SCATTER = 4;
    private static final int DIGIT = 5;
    private static final int WORD = 6;
    /** How often each kind of scene occurs, of 100. */
    private static final int[] KINDS = {38, 23, 7, 9, 8, 9, 6};
    /** One thing, or several alike. */
    private static final int[] EASY_KINDS = {65, 0, 0, 5, 0, 20, 10};
    /** One thing; digits and words are learned as shapes are. */
    private static final int[] INK_KINDS = {60, 0, 0, 0, 0, 25, 15};
    private static final int[] KINDS_OF_FIGURES = {50, 25, 7, 10, 8};

    private final Split split;
    private final Palette palette;
    private final int[] kinds;
    private final boolean bold;

    /** Makes a sampler of one part of the world. */
    public SceneSampler(Split split) {
        this(split, Palette.ALL, split == Split.UNSEEN_COLOUR || split == Split.UNSEEN_FILL ? KINDS_OF_FIGURES : KINDS,
                false);
    }

    private SceneSampler(Split split, Palette palette, int[] kinds, boolean bold) {
        this.split = split;
        this.palette = palette;
        this.kinds = kinds;
        this.bold = bold;
    }

    /** A sampler of training scenes that have backdrops and colours of a palette only. */
    static SceneSampler training(Palette palette) {
        return new SceneSampler(Split.TRAINING, palette, KINDS, false);
    }

    /** A sampler of training scenes of one thing, or of several alike, with backdrops and colours of a palette. */
    static SceneSampler easy(Palette palette) {
        return new SceneSampler(Split.TRAINING, palette, EASY_KINDS, false);
    }

    /** A sampler of training scenes of one large solid figure, one digit or one word, in black and white. */
    static SceneSampler ink() {
        return new SceneSampler(Split.TRAINING, Palette.INK, INK_KINDS, true);
    }

    /** Makes up a scene. */
    public Scene sample(Draws draws) {
        int kind = split == Split.UNSEEN_WORD ? WORD : draws.weighted(kinds);
        Backdrop backdrop = backdrop(palette, draws);
        return switch (kind) {
            case SINGLE -> finish(backdrop, List.of(single(draws, figure(draws, backdrop.tone(), true, null))), null,
                    draws);
            case PAIR -> pair(backdrop, draws);
            case INSIDE -> inside(backdrop, draws);
            case GROUP -> group(backdrop, draws);
            case SCATTER -> scatter(backdrop, draws);
            case DIGIT -> inscription(digit(draws), backdrop, palette, draws);
            default -> inscription(word(draws), backdrop, palette, draws);
        };
    }

    /** Makes up a scene of one figure, whatever the split; the fill is one that training shows with the shape. */
    public static Scene single(Shape shape, Colour colour, Draws draws) {
        Backdrop backdrop = backdrop(Palette.ALL, draws);
        while (!colour.showsOn(backdrop.tone())) {
            backdrop = backdrop(Palette.ALL, draws);
        }
        Fill fill = fill(draws);
        while (!shape.allows(fill) || HeldOut.contains(shape, fill)) {
            fill = fill(draws);
        }
        Figure figure = new Figure(shape, colour, fill, draws.oneOf(List.of(Size.values())), Layout.ANYWHERE);
        return finish(backdrop, List.of(single(draws, figure)), null, draws);
    }

    /** Makes up a scene of one digit or word. */
    public static Scene inscription(String text, Draws draws) {
        return inscription(text, backdrop(Palette.ALL, draws), Palette.ALL, draws);
    }

    private static Scene inscription(String text, Backdrop backdrop, Palette palette, Draws draws) {
        Placement placement = Layout.inscription(text, draws);
        Item item = new Inscription(text, colour(palette, backdrop.tone(), draws), placement);
        return finish(backdrop, List.of(item), null, draws);
    }

    private static Figure single(Draws draws, Figure figure) {
        return figure.at(Layout.single(figure.shape(), figure.size(), draws));
    }

    /** Two things side by side or one above the other; the second can be a digit. */
    private Scene pair(Backdrop backdrop, Draws draws) {
        Figure first = figure(draws, backdrop.tone(), true, draws.oneOf(List.of(Size.values())));
        Size size = first.size() == Size.LARGE || draws.chance(0.5) ? Size.SMALL : Size.MEDIUM;
        Item second;
        if (draws.chance(0.15)) {
            second = new Inscription(digit(draws), colour(palette, backdrop.tone(), draws), Layout.ANYWHERE);
        } else {
            Figure other = figure(draws, backdrop.tone(), false, size);
            while (other.shape() == first.shape() && other.colour() == first.colour()) {
                other = figure(draws, backdrop.tone(), false, size);
            }
            second = other;
        }
        boolean mayOverlap = second instanceof Figure && second.colour().showsOn(first.colour());
        Relation relation = draws.chance(0.5) ? Relation.LEFT_OF : Relation.ABOVE;
        List<Item> items = Layout.pair(first, second, relation, mayOverlap, draws);
        // The first item is the one that the relation speaks of, as often the new as the old one.
        if (draws.chance(0.5)) {
            return finish(backdrop, items, relation, draws);
        }
        List<Item> mirrored = Layout.mirrored(items, relation);
        return finish(backdrop, List.of(mirrored.get(1), mirrored.get(0)), relation, draws);
    }

    /** A small figure within a large one. */
    private Scene inside(Backdrop backdrop, Draws draws) {
        Figure outer = figure(draws, backdrop.tone(), false, Size.LARGE);
        while (!outer.shape().holdsOthers() || outer.fill() == Fill.STRIPED || outer.fill() == Fill.DOTTED) {
            outer = figure(draws, backdrop.tone(), false, Size.LARGE);
        }
        Figure inner = figure(draws, backdrop.tone(), true, Size.SMALL);
        while (!inner.colour().showsOn(outer.colour())) {
            inner = figure(draws, backdrop.tone(), true, Size.SMALL);
        }
        List<Item> items = Layout.inside(inner, outer, draws);
        return finish(backdrop, items, Relation.INSIDE, draws);
    }

    /** Two to five figures alike but for their angle. */
    private Scene group(Backdrop backdrop, Draws draws) {
        int count = 2 + draws.below(Scene.MAX_ITEMS - 1);
        Size size = count <= 4 && draws.chance(0.4) ? Size.MEDIUM : Size.SMALL;
        Figure figure = figure(draws, backdrop.tone(), true, size);
        List<Figure> figures = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            figures.add(figure);
        }
        return finish(backdrop, Layout.scatter(figures, size, draws), null, draws);
    }

    /** Three to five figures, no two of the same shape and colour. */
    private Scene scatter(Backdrop backdrop, Draws draws) {
        int count = 3 + draws.below(Scene.MAX_ITEMS - 2);
        Size size = count <= 4 && draws.chance(0.4) ? Size.MEDIUM : Size.SMALL;
        List<Figure> figures = new ArrayList<>();
        while (figures.size() < count) {
            Figure figure = figure(draws, backdrop.tone(), figures.isEmpty(), size);
            boolean known = false;
            for (Figure other : figures) {
                known |= other.shape() == figure.shape() && other.colour() == figure.colour();
            }
            if (!known) {
                figures.add(figure);
            }
        }
        return finish(backdrop, Layout.scatter(figures, size, draws), null, draws);
    }

    private static Scene finish(Backdrop backdrop, List<? extends Item> items, Relation relation, Draws draws) {
        int noise = draws.chance(0.25) ? 6 + draws.below(25) : 0;
        int quality = draws.chance(0.25) ? 25 + draws.below(66) : 0;
        return new Scene(backdrop, List.copyOf(items), relation, new Finish(noise, quality), draws.bits());
    }

    private static Backdrop backdrop(Palette palette, Draws draws) {
        Texture texture = draws.oneOf(palette.textures());
        return new Backdrop(draws.oneOf(palette.tones()), texture);
    }

    /** A figure that shows on a tone; the scene's subject is what the split is about, the others are as in training. */
    private Figure figure(Draws draws, Tone tone, boolean subject, Size given) {
        Size size = bold ? Size.LARGE : given == null ? draws.oneOf(List.of(Size.values())) : given;
        boolean newColour = subject && split == Split.UNSEEN_COLOUR;
        boolean newFill = subject && split == Split.UNSEEN_FILL;
        while (true) {
            Shape shape = draws.oneOf(List.of(Shape.values()));
            Colour colour = colour(palette, tone, draws);
            Fill fill = bold ? Fill.SOLID : newFill ? HeldOut.fills().get(shape) : fill(draws);
            if (fill != null && shape.allows(fill) && HeldOut.contains(shape, colour) == newColour
                    && HeldOut.contains(shape, fill) == newFill) {
                return new Figure(shape, colour, fill, size, Layout.ANYWHERE);
            }
        }
    }

    private static Fill fill(Draws draws) {
        return draws.weighted(List.of(Fill.values()), 4, 2, 2, 2);
    }

    private static Colour colour(Palette palette, Tone tone, Draws draws) {
        Colour colour = draws.oneOf(palette.colours());
        while (!colour.showsOn(tone)) {
            colour = draws.oneOf(palette.colours());
        }
        return colour;
    }

    private static String digit(Draws draws) {
        return String.valueOf((char) ('0' + draws.below(10)));
    }

    private String word(Draws draws) {
        return draws.oneOf(split == Split.UNSEEN_WORD ? HeldOut.WORDS : HeldOut.TRAINING_WORDS);
    }
}
