package org.clip4j.training.dataset;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/**
 * The files within a tar archive, with the places of their contents, which are not read: a pass over a shard costs
 * its
 * headers only. Every size is checked against the file before it is believed. For one thread; the owner closes it.
 */
final class TarEntries implements AutoCloseable {
    private final Path file;
    private final String name;
    private final Headers headers;
    private final TarArchiveInputStream tar;

    /** A regular file in the archive, and where its contents lie in the archive's file. */
    record Entry(String name, long offset, long sizeBytes) {}

    /** Opens an archive that is not compressed; the name is for messages. */
    TarEntries(Path file, String name) throws IOException {
        this.file = file;
        this.name = name;
        this.headers = new Headers(FileChannel.open(file));
        this.tar = new TarArchiveInputStream(headers, StandardCharsets.UTF_8.name());
    }

    /**
     * The next regular file, or null behind the last.
     *
     * @throws DatasetException when the archive is corrupt, cut short, or not made to be read
     */
    Entry next() throws IOException {
        while (true) {
            TarArchiveEntry entry = header();
            if (entry == null) {
                return null;
            }
            if (!entry.isCheckSumOK()) {
                throw unsound("a header's checksum is wrong", null);
            }
            if (entry.isDirectory()) {
                continue;
            }
            long offset = headers.position;
            long left = headers.size - offset;
            if (entry.getSize() > left) {
                throw new DatasetException("shard is cut short or lies about a size: shard=" + name + " entry="
                        + FileNames.shown(entry.getName()) + " offset=" + offset + " expectedBytes=" + entry.getSize()
                        + " actualBytes=" + left + "; fetch the shard again");
            }
            headers.dataEnd = offset + entry.getSize();
            if (entry.isSparse() || entry.isGlobalPaxHeader() || !entry.isFile()) {
                continue;
            }
            return new Entry(checked(entry.getName()), offset, entry.getSize());
        }
    }

    private TarArchiveEntry header() throws IOException {
        headers.left = Headers.MAX_BYTES;
        try {
            return tar.getNextEntry();
        } catch (DatasetException e) {
            throw e;
        } catch (IOException | IllegalArgumentException | IndexOutOfBoundsException | NullPointerException e) {
            // The library checks most of what it reads, and throws these where it does not.
            throw unsound(e.getMessage(), e);
        }
    }

    private DatasetException unsound(String reason, Exception cause) {
        return new DatasetException("shard is not a sound tar archive: shard=" + name + " offset=" + headers.position
                + " reason=" + FileNames.shown(String.valueOf(reason)) + "; fetch the shard again", cause);
    }

    /** Names are keys here, never paths; those that could only harm whoever takes them for paths are refused. */
    private String checked(String entry) throws DatasetException {
        boolean control = entry.codePoints().anyMatch(Character::isISOControl);
        boolean outside = entry.startsWith("/") || ("/" + entry.replace('\\', '/') + "/").contains("/../");
        if (control || outside) {
            throw new DatasetException("shard has an entry whose name " + (control
                    ? "holds control characters"
                    : "leads out of it") + ": shard=" + name + " entry=" + FileNames.shown(entry)
                    + "; do not use a shard from such a source");
        }
        return entry.startsWith("./") ? entry.substring(2) : entry;
    }

    /** The archive's file, as opened. */
    Path file() {
        return file;
    }

    @Override
    public void close() throws IOException {
        tar.close();
    }

    /** Feeds the library with headers, and with nothing where contents are: it reads what it means to skip. */
    private static final class Headers extends InputStream {
        /** 1 MiB: room for a header with extended attributes and long names; those are read into memory. */
        private static final int MAX_BYTES = 1 << 20;

        private final FileChannel channel;
        private final long size;
        private long position;
        private long dataEnd;
        private int left;

        Headers(FileChannel channel) throws IOException {
            this.channel = channel;
            this.size = channel.size();
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
        }

        @Override
        public int read(byte[] bytes, int offset, int length) throws IOException {
            if (length == 0) {
                return 0;
            }
            if (position < dataEnd) {
                int passed = (int) Math.min(length, dataEnd - position);
                position += passed;
                return passed;
            }
            if (left <= 0) {
                throw new IOException("a header is longer than " + MAX_BYTES + " bytes");
            }
            int read = channel.read(ByteBuffer.wrap(bytes, offset, Math.min(length, left)), position);
            if (read > 0) {
                position += read;
                left -= read;
            }
            return read;
        }

        @Override
        public int available() {
            return (int) Math.min(Integer.MAX_VALUE, size - position);
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
