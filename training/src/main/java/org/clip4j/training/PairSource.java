package org.clip4j.training;

import java.io.IOException;

/**
 * An endless sequence of pictures with captions. What stands at a position never changes, so that a training that is
 * resumed sees what it would have seen.
 */
@FunctionalInterface
public interface PairSource {
    /**
     * Appends pairs to a batch.
     *
     * @param first position of the first one, from 0
     * @param count how many
     * @throws IOException when one cannot be read
     */
    void read(long first, int count, PairBatch into) throws IOException;
}
