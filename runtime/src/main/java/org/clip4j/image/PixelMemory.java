package org.clip4j.image;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Objects;
import org.clip4j.kernels.MemoryAllocator;

/**
 * Off-heap scratch for one image at a time: the encoded bytes and the decoded samples. Each block is reused while it is
 * large enough, so that a thread that decodes images of like size allocates nothing.
 *
 * <p>Belongs to one thread. What a codec decoded into it is valid until the next image is decoded with the same memory,
 * or until it is closed.
 */
public final class PixelMemory implements AutoCloseable {
    /** Blocks larger than this are given back after use. */
    private static final int RETAINED_BYTES = 64 << 20;

    private final Scratch encoded;
    private final Scratch samples;

    /** Scratch whose blocks come from an allocator. */
    public PixelMemory(MemoryAllocator allocator) {
        this.encoded = new Scratch(Objects.requireNonNull(allocator, "allocator"));
        this.samples = new Scratch(allocator);
    }

    /** At least this many bytes outside the heap, native order, position 0, contents undefined. */
    public ByteBuffer samples(long sizeBytes) {
        return samples.reserve(sizeBytes);
    }

    ByteBuffer encoded(long sizeBytes) {
        return encoded.reserve(sizeBytes);
    }

    /** Gives back what an unusually large image needed. */
    void trim() {
        encoded.trim();
        samples.trim();
    }

    @Override
    public void close() {
        encoded.release();
        samples.release();
    }

    /** A block that grows. */
    private static final class Scratch {
        private final MemoryAllocator allocator;
        private MemoryAllocator.Block block;
        private ByteBuffer bytes;

        Scratch(MemoryAllocator allocator) {
            this.allocator = allocator;
        }

        ByteBuffer reserve(long sizeBytes) {
            if (bytes == null || bytes.capacity() < sizeBytes) {
                release(); // the old block may go before the new one comes
                allocate(sizeBytes);
            }
            bytes.clear().limit((int) sizeBytes);
            return bytes;
        }

        private void allocate(long sizeBytes) {
            if (sizeBytes > Integer.MAX_VALUE - 2L * MemoryAllocator.ALIGNMENT_BYTES) {
                throw new ImageFormatException("image needs more than one buffer holds: bytes=" + sizeBytes
                        + " expected<=" + (Integer.MAX_VALUE - 2L * MemoryAllocator.ALIGNMENT_BYTES));
            }
            try {
                block = allocator.allocate(wholeLines(sizeBytes));
                bytes = block.bytes().order(ByteOrder.nativeOrder());
            } catch (OutOfMemoryError e) {
                throw new ImageFormatException("no memory outside the heap left for an image: bytes=" + sizeBytes
                        + "; raise -XX:MaxDirectMemorySize, lower the pixel limit or shrink the image", e);
            }
        }

        private static int wholeLines(long sizeBytes) {
            long line = MemoryAllocator.ALIGNMENT_BYTES;
            return (int) (Math.max(1, (sizeBytes + line - 1) / line) * line);
        }

        void trim() {
            if (bytes != null && bytes.capacity() > RETAINED_BYTES) {
                release();
            }
        }

        void release() {
            if (block != null) {
                MemoryAllocator.Block once = block;
                block = null;
                bytes = null;
                once.release().run();
            }
        }
    }
}
