package org.clip4j.converter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;

/** A range of bytes of an open file. The checkpoint owns the channel and closes it. */
record FileRegion(Path file, FileChannel channel, long startBytes, long sizeBytes) {
    /** Checks that the range lies inside the file. */
    static FileRegion of(Path file, FileChannel channel, long startBytes, long sizeBytes, String what)
            throws IOException {
        long fileBytes = channel.size();
        if (startBytes < 0 || sizeBytes < 0 || startBytes > fileBytes || sizeBytes > fileBytes - startBytes) {
            throw new CheckpointException("checkpoint is truncated: " + what + " file=" + file + " startBytes="
                    + startBytes + " sizeBytes=" + sizeBytes + " fileBytes=" + fileBytes);
        }
        return new FileRegion(file, channel, startBytes, sizeBytes);
    }

    /** Maps a part of the range, little-endian; at most 2 GiB. */
    ByteBuffer map(long fromBytes, long countBytes) throws IOException {
        if (fromBytes < 0 || countBytes < 0 || fromBytes > sizeBytes - countBytes || countBytes > Integer.MAX_VALUE) {
            throw new CheckpointException("checkpoint tensor is too large to be mapped: file=" + file + " sizeBytes="
                    + countBytes + " maxBytes=" + Integer.MAX_VALUE);
        }
        return channel.map(FileChannel.MapMode.READ_ONLY, startBytes + fromBytes, countBytes)
                .order(ByteOrder.LITTLE_ENDIAN);
    }

    /** Reads a small part onto the heap, little-endian. */
    ByteBuffer read(long fromBytes, int countBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(countBytes).order(ByteOrder.LITTLE_ENDIAN);
        while (bytes.hasRemaining()) {
            int read = fromBytes > sizeBytes - countBytes
                    ? -1
                    : channel.read(bytes, startBytes + fromBytes + bytes.position());
            if (read < 0) {
                throw new CheckpointException("checkpoint is truncated: file=" + file + " startBytes="
                        + (startBytes + fromBytes) + " sizeBytes=" + countBytes);
            }
        }
        return bytes.flip();
    }
}
