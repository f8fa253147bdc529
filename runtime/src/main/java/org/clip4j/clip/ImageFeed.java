package org.clip4j.clip;

import java.util.List;
import org.clip4j.image.Image;

/**
 * Decodes and preprocesses the images of a pass, on the host or partly on the device. Belongs to a session, which closes
 * it.
 */
interface ImageFeed extends AutoCloseable {
    /**
     * Brings images {@code first} to {@code first + count - 1} into the batch, from its beginning on.
     *
     * @throws org.clip4j.image.ImageFormatException of the first image that cannot be decoded; others may have been prepared
     */
    void feed(List<Image> images, int first, int count, ImageBatch batch);

    @Override
    void close();
}
