package org.clip4j.image;

import java.nio.ByteBuffer;
import javax.imageio.stream.ImageInputStreamImpl;

/** A file in up to three parts, read by the JDK's decoders where it lies: nothing is copied to the heap as a whole. */
final class EncodedStream extends ImageInputStreamImpl {
    private final ByteBuffer[] parts;
    private final long length;

    EncodedStream(ByteBuffer... parts) {
        this.parts = parts;
        long total = 0;
        for (ByteBuffer part : parts) {
            total += part.limit();
        }
        this.length = total;
    }

    @Override
    public int read() {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] target, int offset, int count) {
        bitOffset = 0;
        long base = 0;
        for (ByteBuffer part : parts) {
            if (streamPos < base + part.limit()) {
                int at = (int) (streamPos - base);
                int n = Math.min(count, part.limit() - at);
                part.get(at, target, offset, n);
                streamPos += n;
                return n;
            }
            base += part.limit();
        }
        return count == 0 ? 0 : -1;
    }

    @Override
    public long length() {
        return length;
    }
}
