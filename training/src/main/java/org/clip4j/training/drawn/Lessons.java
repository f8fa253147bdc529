package org.clip4j.training.drawn;

import java.util.List;

/**
 * The order in which a training sees the drawn world. In pictures that differ in everything, colours and backdrops tell
 * a batch apart, and shapes are not learned for a long time. So the first lessons ask for names only: captions say what
 * a thing is, and nothing of its colour or of what is behind it. Large things in black and white come first, then things of every
 * colour, size and fill, then scenes of every kind with all that can be said of them. Immutable and thread-safe.
 *
 * <p>A lesson is the same for a whole group of neighbours, so that nothing else tells them apart when a batch is a group.
 */
final class Lessons {
    /** Pairs of one lesson: a batch of the recipe. */
    static final int GROUP = 96;
    /** Pairs in black and white only. */
    private static final long INK_ONLY = 25_000;
    /** Pairs until black and white is rare. */
    private static final long INK_UNTIL = 60_000;
    /** What stays of black and white. */
    private static final double INK_REST = 0.02;
    /** Pairs from which on more is said than names, and until which that becomes the rule. */
    private static final long SCENES_FROM = 180_000;
    private static final long SCENES_UNTIL = 260_000;
    /** What stays of names. */
    private static final double NAMES_REST = 0.25;
    /** Pairs from which on colours are asked for, and part of the lessons that ask for them. */
    private static final long COLOURS_FROM = 576_000;
    private static final double COLOURS = 0.55;
    /** Part of the other scenes that have more than one thing. */
    private static final double FULL = 0.65;
    /** Neighbours that may have a palette in common. */
    private static final int NEIGHBOURS = 8;
    /** Part of the neighbourhoods that have. */
    private static final double NARROW = 0.5;
    private static final long PALETTES = 0x50414C45545445L;
    private static final long LESSONS = 0x4C4553534F4E53L;
    private static final List<Detail> DETAILS = List.of(Detail.COMPLETE, Detail.PARTIAL, Detail.VAGUE);

    private static final SceneSampler INK = SceneSampler.ink();
    private static final SceneSampler EASY = SceneSampler.easy(Palette.ALL);

    private final long seed;
    private final CaptionGrammar grammar = new CaptionGrammar(false);

    /** The lessons of a seed; another one than that of the world of the same seed. */
    Lessons(long seed) {
        this.seed = Draws.mix(seed + PALETTES);
    }

    /** The pair at an index, which may be any number; a function of seed and index. */
    DrawnWorld.Pair pair(long index) {
        Draws draws = Draws.of(seed, index);
        Draws lesson = Draws.of(seed ^ LESSONS, index / GROUP);
        if (lesson.chance(Math.max(INK_REST, 1 - rise(index, INK_ONLY, INK_UNTIL)))) {
            return pair(index, INK, Detail.NAMES, draws);
        }
        if (index >= COLOURS_FROM && lesson.chance(COLOURS)) {
            return pair(index, EASY, Detail.COLOURS, draws);
        }
        double scenes = rise(index, SCENES_FROM, SCENES_UNTIL);
        if (lesson.chance(Math.max(NAMES_REST, 1 - scenes))) {
            return pair(index, EASY, Detail.NAMES, draws);
        }
        Draws common = Draws.of(seed ^ PALETTES, index / NEIGHBOURS);
        Palette palette = common.chance(NARROW) ? Palette.narrow(common) : Palette.ALL;
        SceneSampler sampler = lesson.chance(FULL * scenes)
                ? SceneSampler.training(palette)
                : SceneSampler.easy(palette);
        Scene scene = sampler.sample(draws);
        Detail detail = draws.weighted(DETAILS, 60, 35, 5);
        return new DrawnWorld.Pair(index, scene, grammar.caption(scene, detail, draws));
    }

    private DrawnWorld.Pair pair(long index, SceneSampler sampler, Detail detail, Draws draws) {
        Scene scene = sampler.sample(draws);
        return new DrawnWorld.Pair(index, scene, grammar.caption(scene, detail, draws));
    }

    private static double rise(long at, long from, long to) {
        return Math.max(0, Math.min(1, (double) (at - from) / (to - from)));
    }
}
