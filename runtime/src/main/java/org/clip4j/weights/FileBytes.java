package org.clip4j.weights;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/** Where the bytes of a model file lie: on disk, to be mapped, or in memory. Positions count from the file's start. */
interface FileBytes {
    /** Length of the file. */
    long sizeBytes() throws IOException;

    /**
     * A copy of some bytes on the heap, little-endian, from position 0 to its limit.
     *
     * @throws ModelFileException when the file has become shorter meanwhile
     */
    ByteBuffer read(long position, int count) throws IOException;

    /** A read-only view of some bytes, which needs no copy. */
    ByteBuffer view(long position, long count) throws IOException;

    /** Whether each {@link #view} is a memory map of its own. */
    boolean maps();

    /** A file that is open for reading; its position is not used. */
    record OnDisk(FileChannel channel, String name) implements FileBytes {
        @Override
        public long sizeBytes() throws IOException {
            return channel.size();
        }

        @Override
        public ByteBuffer read(long position, int count) throws IOException {
            ByteBuffer bytes = ByteBuffer.allocate(count).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, position + bytes.position()) < 0) {
                    throw new ModelFileException("file ended while it was read: file=" + name);
                }
            }
            return bytes.flip();
        }

        @Override
        public ByteBuffer view(long position, long count) throws IOException {
            return channel.map(FileChannel.MapMode.READ_ONLY, position, count);
        }

        @Override
        public boolean maps() {
            return true;
        }
    }

    /** All that a buffer holds from 0 to its limit. */
    record InMemory(ByteBuffer bytes) implements FileBytes {
        @Override
        public long sizeBytes() {
            return bytes.limit();
        }

        @Override
        public ByteBuffer read(long position, int count) {
            byte[] copy = new byte[count];
            bytes.get((int) position, copy);
            return ByteBuffer.wrap(copy).order(ByteOrder.LITTLE_ENDIAN);
        }

        @Override
        public ByteBuffer view(long position, long count) {
            return bytes.slice((int) position, (int) count).asReadOnlyBuffer();
        }

        @Override
        public boolean maps() {
            return false;
        }
    }
}
