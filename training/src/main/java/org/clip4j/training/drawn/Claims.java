package org.clip4j.training.drawn;

import java.util.List;

/**
 * The meaning of a caption: what it says of a scene. What is null is not said.
 *
 * @param mentions what is in the scene; there may be more
 * @param relation how the first mention lies to the second
 */
public record Claims(List<Mention> mentions, Relation relation, Tone tone, Texture texture) {

    /** Refuses a relation of anything but two things. */
    public Claims {
        mentions = List.copyOf(mentions);
        if (relation != null && mentions.size() != 2) {
            throw new IllegalArgumentException(
                    "relation needs two mentions: relation=" + relation + " mentions=" + mentions.size());
        }
    }

    /**
     * Whether all of it is true of a scene. Mentions of one thing each need a thing of their own; a relation has to hold
     * between these.
     */
    public boolean areTrueOf(Scene scene) {
        if ((tone != null && tone != scene.backdrop().tone())
                || (texture != null && texture != scene.backdrop().texture())) {
            return false;
        }
        for (Mention mention : mentions) {
            if (mention.count() != 1 && !countFits(mention, scene)) {
                return false;
            }
        }
        return assign(scene, 0, new Item[mentions.size()], 0);
    }

    private static boolean countFits(Mention mention, Scene scene) {
        int fitting = 0;
        for (Item item : scene.items()) {
            fitting += mention.fits(item) ? 1 : 0;
        }
        return mention.count() == Mention.SEVERAL ? fitting >= 2 : fitting == mention.count();
    }

    /** Tries all ways to give the mentions from one on things that are not taken, a bit for each. */
    private boolean assign(Scene scene, int at, Item[] given, int taken) {
        if (at == mentions.size()) {
            return relation == null || relation.holds(given[0], given[1]);
        }
        if (mentions.get(at).count() != 1) {
            return assign(scene, at + 1, given, taken);
        }
        for (int i = 0; i < scene.items().size(); i++) {
            Item item = scene.items().get(i);
            if ((taken >> i & 1) == 0 && mentions.get(at).fits(item)) {
                given[at] = item;
                if (assign(scene, at + 1, given, taken | 1 << i)) {
                    return true;
                }
            }
        }
        return false;
    }
}
