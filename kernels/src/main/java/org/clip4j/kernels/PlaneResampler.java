package org.clip4j.kernels;

import java.nio.FloatBuffer;

/**
 * Resamples 8-bit pixels to n x n, horizontally and then vertically with 8 bits between, and writes them as planes of
 * floats: f32 [3,n,n], red, green, blue, each the level that its table has for the sample.
 *
 * <p>Belongs to one thread, and owns scratch outside the heap that grows to the largest image and is then reused. Closed by
 * whoever opened it.
 */
public interface PlaneResampler extends AutoCloseable {
    /** What it runs on, a few words for people. */
    String description();

    /** Whether such pixels and such a target can be taken; for others there is plain Java. */
    boolean accepts(PixelView pixels, FloatBuffer planes);

    /**
     * Resamples one image.
     *
     * @param pixels accepted; has all that the axes need
     * @param columns n outputs
     * @param rows n outputs
     * @param planes accepted; receives 3 n^2 floats from {@code offset} on
     */
    void resample(PixelView pixels, ResampleAxis columns, ResampleAxis rows, FloatBuffer planes, int offset);

    /** Gives the scratch back. */
    @Override
    void close();
}
