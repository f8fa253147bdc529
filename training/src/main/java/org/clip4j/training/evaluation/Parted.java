package org.clip4j.training.evaluation;

import java.util.List;

/** Samples of several kinds, for which results are told apart. */
public interface Parted {

    /** Names of the kinds. */
    List<String> parts();

    /** Kind of a sample, an index of {@link #parts()}. */
    int part(int index);
}
