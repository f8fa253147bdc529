package org.clip4j.training.drawn;

import java.util.List;

/**
 * The order in which a training sees the drawn world. In pictures that differ in everything, colours and backdrops tell
 * a batch apart, and shapes are not learned for a long time. So the first lessons are large shapes, digits and words in
 * black and white; scenes of one thing come in bit by bit, then all others. Neighbours often have their backdrop and two
 * colours in common, so that something else must tell them apart. Immutable and thread-safe.
 */
final class Lessons {
    /** Pairs that are counted as one step of the plan: a batch of the recipe. */
    private static final int BLOCK = 256;
    /** Blocks of black and white only. */
    private static final int INK_ONLY = 120;
    /** Blocks until black and white is rare. */
    private static final int INK_UNTIL = 450;
    /** What stays of black and white, so that it is not forgotten. */
    private static final double INK_REST = 0.06;
    /** Blocks from which on, and until which, scenes of more than one thing come in. */
    private static final int FULL_FROM = 200;
    private static final int FULL_UNTIL = 600;
    /** Neighbours that may have a palette in common. */
    private static final int NEIGHBOURS = 8;
    /** Part of the neighbourhoods that have. */
    private static final double NARROW = 0.5;
    private static final long PALETTES = 0x50414C45545445L;
    private static final List<Detail> DETAILS = List.of(Detail.COMPLETE, Detail.PARTIAL, Detail.VAGUE);

    private static final SceneSampler INK = SceneSampler.ink();

    private final long seed;
    private final CaptionGrammar grammar = new CaptionGrammar(false);

    /** The lessons of a seed; another one than that of the world of the same seed. */
    Lessons(long seed) {
        this.seed = Draws.mix(seed + PALETTES);
    }

    /** The pair at an index, which may be any number; a function of seed and index. */
    DrawnWorld.Pair pair(long index) {
        Draws draws = Draws.of(seed, index);
        double block = (double) index / BLOCK;
        double ink = Math.max(INK_REST, 1 - rise(block, INK_ONLY, INK_UNTIL));
        boolean simple = draws.chance(ink);
        boolean full = draws.chance(rise(block, FULL_FROM, FULL_UNTIL));
        Draws common = Draws.of(seed ^ PALETTES, index / NEIGHBOURS);
        Palette palette = common.chance(NARROW) ? Palette.narrow(common) : Palette.ALL;
        SceneSampler sampler = simple ? INK : full ? SceneSampler.training(palette) : SceneSampler.easy(palette);
        Scene scene = sampler.sample(draws);
        Detail detail = simple ? Detail.COMPLETE : draws.weighted(DETAILS, 60, 35, 5);
        return new DrawnWorld.Pair(index, scene, grammar.caption(scene, detail, draws));
    }

    private static double rise(double at, double from, double to) {
        return Math.max(0, Math.min(1, (at - from) / (to - from)));
    }
}
