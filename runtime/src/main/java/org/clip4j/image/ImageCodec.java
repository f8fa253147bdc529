package org.clip4j.image;

import java.nio.ByteBuffer;
import java.util.Optional;
import org.clip4j.kernels.MemoryAllocator;

/**
 * A library that decodes containers. Implementations are found by {@link java.util.ServiceLoader}; a codec that is
 * usable and {@link #decodes} an image is preferred to the one built on the JDK.
 *
 * <p>Codecs are stateless and shared by all threads.
 */
public interface ImageCodec {

    /** Short lower-case name for messages, for example {@code leptonica}. */
    String name();

    /** How it decodes here, a few words for people; asked of usable codecs only. */
    default String description() {
        return name();
    }

    /** Why the codec cannot be used on this machine, with the cause kept; empty when it can. */
    Optional<Unusable> probe();

    /** Whether this codec gives exactly the reference's pixels for such an image. */
    boolean decodes(ImageHeader header);

    /**
     * Decodes the first image into memory outside the heap. Metadata (EXIF orientation, ICC, gamma) has no effect.
     *
     * @param encoded
     *            direct, position 0; belongs to the decoder and may be overwritten
     * @param header
     *            already checked against the limits; the result must have its size and, if given, its mode
     * @param window
     *            what will be read; other pixels need not be decoded
     * @param memory
     *            scratch for samples, or unused when the codec has memory of its own
     * @throws ImageFormatException
     *             for data that is corrupt or cut short
     */
    PixelImage decode(ByteBuffer encoded, ImageHeader header, PixelWindow window, PixelMemory memory);

    /** Where memory for images is to come from when this is the preferred codec. */
    default MemoryAllocator allocator() {
        return MemoryAllocator.JDK;
    }

    /**
     * Why a codec cannot be used.
     * @param reason
     *            what is missing
     * @param remedy
     *            what the user can do about it
     * @param cause
     *            as thrown, or null
     */
    record Unusable(String reason, String remedy, Throwable cause) {}
}
