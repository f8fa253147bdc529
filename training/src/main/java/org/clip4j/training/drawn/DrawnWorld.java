package org.clip4j.training.drawn;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.clip4j.text.BpeMerges;
import org.clip4j.training.bpe.BpeTrainer;

/**
 * An endless list of scenes with captions. A pair depends on seed, split and index only, so any part of the list can be
 * made anywhere, in any order. Immutable and thread-safe.
 */
public final class DrawnWorld {
    /** 48: room for the longest caption, 46 tokens, with a vocabulary that has all of training's words. */
    public static final int CONTEXT_LENGTH = 48;

    private static final List<Detail> DETAILS = List.of(Detail.COMPLETE, Detail.PARTIAL, Detail.VAGUE);

    private final long seed;
    private final SceneSampler sampler;
    private final CaptionGrammar grammar;

    /** The world of a seed, or one of its unseen parts. */
    public DrawnWorld(long seed, Split split) {
        this.seed = Draws.mix(Draws.mix(seed) + split.name().hashCode());
        sampler = new SceneSampler(split);
        grammar = new CaptionGrammar(split == Split.UNSEEN_PHRASING);
    }

    /** The pair at an index, which may be any number. Of 100 captions 35 are complete, 55 partial and 10 vague. */
    public Pair pair(long index) {
        Draws draws = Draws.of(seed, index);
        Scene scene = sampler.sample(draws);
        Detail detail = draws.weighted(DETAILS, 35, 55, 10);
        return new Pair(index, scene, grammar.caption(scene, detail, draws));
    }

    /** The scene at an index with a complete caption. */
    public Pair complete(long index) {
        Draws draws = Draws.of(seed, index);
        Scene scene = sampler.sample(draws);
        return new Pair(index, scene, grammar.caption(scene, Detail.COMPLETE, draws));
    }

    /**
     * Chooses pairs with complete captions, none of which is true of another one's scene: the first such pairs from an
     * index on.
     */
    public List<Pair> distinct(long first, int count) {
        Map<Tone, Map<Texture, List<Pair>>> chosen = new EnumMap<>(Tone.class);
        List<Pair> pairs = new ArrayList<>(count);
        for (long index = first; pairs.size() < count; index++) {
            Pair pair = complete(index);
            // Complete captions name the backdrop: those of another one cannot be true.
            Backdrop backdrop = pair.scene().backdrop();
            List<Pair> rivals = chosen.computeIfAbsent(backdrop.tone(), t -> new EnumMap<>(Texture.class))
                    .computeIfAbsent(backdrop.texture(), t -> new ArrayList<>());
            if (isApart(pair, rivals)) {
                rivals.add(pair);
                pairs.add(pair);
            }
        }
        return pairs;
    }

    /**
     * Learns a vocabulary from the captions at indices from 0 on.
     *
     * @param captions how many; 20,000 hold every word many times
     * @param maxMerges most merges; fewer come out when every word is one token
     */
    public BpeMerges vocabulary(int captions, int maxMerges) {
        BpeTrainer trainer = new BpeTrainer();
        for (long index = 0; index < captions; index++) {
            trainer.add(pair(index).caption().text());
        }
        return trainer.train(maxMerges, 2);
    }

    private static boolean isApart(Pair pair, List<Pair> rivals) {
        for (Pair rival : rivals) {
            if (pair.caption().claims().areTrueOf(rival.scene()) || rival.caption().claims().areTrueOf(pair.scene())) {
                return false;
            }
        }
        return true;
    }

    /** A scene and a caption that is true of it. */
    public record Pair(long index, Scene scene, Caption caption) {}
}
