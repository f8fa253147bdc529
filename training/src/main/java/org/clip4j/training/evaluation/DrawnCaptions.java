package org.clip4j.training.evaluation;

import java.util.List;
import org.clip4j.training.dataset.CaptionedSamples;
import org.clip4j.training.drawn.Caption;
import org.clip4j.training.drawn.DrawnWorld;

/** Drawn pictures with complete captions, none of which is true of another one's picture. */
public final class DrawnCaptions extends DrawnPictures implements CaptionedSamples {
    private final List<Caption> captions;

    DrawnCaptions(String set, List<DrawnWorld.Pair> pairs, int side) {
        super(set, pairs.stream().map(DrawnWorld.Pair::scene).toList(), side);
        captions = pairs.stream().map(DrawnWorld.Pair::caption).toList();
    }

    @Override
    public String caption(int index) {
        return captions.get(index).text();
    }

    /**
     * Share of pictures for which somebody who reads the scene picks the right caption among a group of neighbours:
     * among several that are true of it, by chance.
     *
     * @param group size of the groups; those that come short are left out
     */
    public double oracle(int group) {
        double right = 0;
        int count = size() / group * group;
        for (int i = 0; i < count; i++) {
            int first = i / group * group;
            int fitting = 0;
            for (int j = first; j < first + group; j++) {
                fitting += captions.get(j).claims().areTrueOf(scene(i)) ? 1 : 0;
            }
            right += captions.get(i).claims().areTrueOf(scene(i)) ? 1.0 / fitting : 0;
        }
        return right / Math.max(1, count);
    }
}
