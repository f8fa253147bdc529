package org.clip4j.kernels;

/**
 * Resamples images of 8-bit pixels on the device that computes: bit for bit what {@link PlaneResampler} writes to memory of
 * the host, written to a tensor of the workspace. Pixels travel as bytes, and of them only what the result needs.
 *
 * <p>Belongs to the execution context that opened it and to its thread; owns scratch that grows to the largest image and is
 * then reused. Closed by whoever opened it, before the context.
 */
public interface TensorResampler extends AutoCloseable {

    /**
     * Begins to resample an image; operations that are run later find the result. The pixels are copied before it returns.
     *
     * @param pixels has all that the axes need; in any kind of buffer
     * @param columns n outputs
     * @param rows n outputs
     * @param images f32 [.., 3, n, n], contiguous, red, green, blue
     * @param image which of them is written
     * @throws IllegalArgumentException when pixels, axes and images do not fit each other
     */
    void resample(PixelView pixels, ResampleAxis columns, ResampleAxis rows, Tensor images, int image);

    /** Waits for what it began, and gives the scratch back. */
    @Override
    void close();
}
