package org.clip4j.training.dataset;

import java.io.IOException;

/** Pictures that have a caption each. */
public interface CaptionedSamples extends Samples {

    /**
     * The caption of a picture: one line, without blanks at its ends.
     *
     * @throws UnusableSampleException when it is blank, too long to be one, or not UTF-8
     * @throws IOException when it cannot be read
     */
    String caption(int index) throws IOException;
}
