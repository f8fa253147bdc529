package org.clip4j.training.evaluation;

import java.util.List;
import org.clip4j.training.dataset.Samples;

/** Pictures with a few captions each, of which one is true. */
public interface ChoiceSamples extends Samples, Parted {

    /** The captions, the true one first. */
    List<String> candidates(int index);
}
