package org.clip4j.training.dataset;

import java.util.List;

/** Pictures that belong to a class each. */
public interface LabelledSamples extends Samples {

    /** The classes as the data set names them, in its order: folder names, or the contents of {@code .cls}. */
    List<String> classes();

    /** Class of a picture, an index of {@link #classes()}. */
    int label(int index);
}
