package org.clip4j.training.dataset;

import java.io.IOException;
import org.clip4j.image.Image;

/**
 * Pictures of a data set in a fixed order that depends on their names only. Holds an index, no picture. Safe for any
 * number of threads; closed by whoever opened it.
 */
public interface Samples extends AutoCloseable {

    /** Number of pictures, at least 1. */
    int size();

    /** Where a picture is, for people: its path within the folder, or shard and name. */
    String name(int index);

    /**
     * A picture, not decoded.
     *
     * @throws IOException when the file cannot be read
     */
    Image image(int index) throws IOException;

    /** SHA-256 of all names and sizes, lower-case hexadecimal: the same for the same data set wherever it lies. */
    String identity();

    /** Deletes what was unpacked, if anything was. */
    @Override
    void close() throws IOException;
}
