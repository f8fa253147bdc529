package org.clip4j.training;

import java.nio.ByteBuffer;

/**
 * Pictures and their captions, as a {@link PairSource} delivers them; allocated once and filled again for each step. The
 * memory is the batch's own, off-heap for pixels. Not thread-safe.
 */
public final class PairBatch {
    private final int resolution;
    private final int maxPairs;
    private final ByteBuffer pixels;
    private final int[] ids;
    private final int[] offsets;
    private int size;

    /**
     * Allocates memory.
     *
     * @param maxPairs largest number of pairs
     * @param resolution R, side of the pictures in pixels
     * @param contextLength longest text in tokens
     */
    public PairBatch(int maxPairs, int resolution, int contextLength) {
        this.maxPairs = maxPairs;
        this.resolution = resolution;
        this.pixels = ByteBuffer.allocateDirect(Math.multiplyExact(maxPairs, pictureBytes(resolution)));
        this.ids = new int[Math.multiplyExact(maxPairs, contextLength)];
        this.offsets = new int[maxPairs + 1];
    }

    private static int pictureBytes(int resolution) {
        return Math.multiplyExact(3, Math.multiplyExact(resolution, resolution));
    }

    /** Forgets all pairs. */
    public void clear() {
        size = 0;
    }

    /**
     * Appends a pair.
     *
     * @param picture u8 [R, R, 3] from position to limit, red first; its position is left alone
     * @param tokens ids of the caption, start and end token included
     * @param length how many of them
     * @throws IllegalArgumentException when the picture has another size or there is no room
     */
    public void add(ByteBuffer picture, int[] tokens, int length) {
        int bytes = pictureBytes(resolution);
        if (size == maxPairs || picture.remaining() != bytes || length < 1 || length > ids.length - offsets[size]) {
            throw new IllegalArgumentException("pair does not fit the batch: size=" + size + " maxPairs=" + maxPairs
                    + " pictureBytes=" + picture.remaining() + " expectedBytes=" + bytes + " tokens=" + length);
        }
        pixels.put(size * bytes, picture, picture.position(), bytes);
        System.arraycopy(tokens, 0, ids, offsets[size], length);
        offsets[size + 1] = offsets[size] + length;
        size++;
    }

    /** Number of pairs. */
    public int size() {
        return size;
    }

    /** R, side of the pictures in pixels. */
    public int resolution() {
        return resolution;
    }

    /** u8 [size, R, R, 3]; absolute access only. */
    public ByteBuffer pixels() {
        return pixels;
    }

    /** Token ids of all captions, one after another. */
    public int[] ids() {
        return ids;
    }

    /** size + 1 positions in {@link #ids}. */
    public int[] offsets() {
        return offsets;
    }
}
