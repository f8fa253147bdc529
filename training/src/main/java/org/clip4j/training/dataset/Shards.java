package org.clip4j.training.dataset;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * The tar files of a data set. Compressed ones are unpacked once to temporary files, since there is no way into the
 * middle of them. Thread-safe; closing deletes what was unpacked.
 */
final class Shards implements AutoCloseable {
    private static final Pattern RANGE = Pattern.compile("\\{(\\d{1,9})\\.\\.(\\d{1,9})\\}");
    /** 1,000,000 shards of one pattern. */
    private static final int MAX_RANGE = 1_000_000;
    /** 1 GiB, and 50 times the file: packed pictures hardly shrink, so what grows more is not one of them. */
    private static final long MAX_UNPACKED = 1L << 30;
    private static final long MAX_RATIO = 50;

    private final List<Path> files;
    private final List<Path> tars = new ArrayList<>();
    private final List<Path> unpacked = new ArrayList<>();

    /** Opens all shards. */
    Shards(List<Path> files) throws IOException {
        this.files = List.copyOf(files);
        boolean complete = false;
        try {
            for (Path file : files) {
                tars.add(isGzip(file) ? unpack(file) : file);
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /** Whether a file's name is that of a shard. */
    static boolean isShard(Path file) {
        String name = String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT);
        return name.endsWith(".tar") || name.endsWith(".tar.gz") || name.endsWith(".tgz");
    }

    /** The shards directly in a folder, sorted; none if it is another kind of data set. */
    static List<Path> in(Path folder) throws IOException {
        List<Path> shards = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder,
                entry -> isShard(entry) && Files.isRegularFile(entry))) {
            entries.forEach(shards::add);
        }
        shards.sort(null);
        return shards;
    }

    /** The files that a name stands for: {@code shard-{000..012}.tar} are 13. */
    static List<Path> expand(Path pattern) throws DatasetException {
        String text = pattern.toString();
        Matcher range = RANGE.matcher(text);
        if (!range.find()) {
            return List.of(pattern);
        }
        int first = Integer.parseInt(range.group(1));
        int last = Integer.parseInt(range.group(2));
        if (last < first || last - first >= MAX_RANGE) {
            throw new DatasetException("range of shards is empty or too long: shards=" + text + " expected="
                    + "{first..last} of at most " + MAX_RANGE);
        }
        List<Path> files = new ArrayList<>();
        for (int number = first; number <= last; number++) {
            String digits = String.format(Locale.ROOT, "%0" + range.group(1).length() + "d", number);
            String name = text.substring(0, range.start()) + digits + text.substring(range.end());
            files.addAll(expand(pattern.getFileSystem().getPath(name)));
        }
        return files;
    }

    int count() {
        return files.size();
    }

    /** A shard's name, for people. */
    String name(int shard) {
        return String.valueOf(files.get(shard).getFileName());
    }

    /** Opens a shard to list its files. */
    TarEntries entries(int shard) throws IOException {
        return new TarEntries(tars.get(shard), name(shard));
    }

    /** Reads a part of a shard. */
    byte[] read(int shard, long offset, int sizeBytes) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate(sizeBytes);
        try (FileChannel channel = FileChannel.open(tars.get(shard))) {
            while (bytes.hasRemaining()) {
                if (channel.read(bytes, offset + bytes.position()) < 0) {
                    throw new DatasetException("shard has become shorter since it was indexed: shard=" + name(shard)
                            + " expectedBytes>=" + (offset + sizeBytes) + " actualBytes=" + channel.size());
                }
            }
        }
        return bytes.array();
    }

    private static boolean isGzip(Path file) throws IOException {
        if (!Files.isRegularFile(file)) {
            if (Files.exists(file)) {
                throw new DatasetException("shard is not a regular file: shard=" + file);
            }
            throw new NoSuchFileException(file.toString());
        }
        try (InputStream in = Files.newInputStream(file)) {
            // RFC 1952: a gzip file begins with 1f 8b
            return in.read() == 0x1F && in.read() == 0x8B;
        }
    }

    private Path unpack(Path file) throws IOException {
        Path target = Files.createTempFile("clip4j-shard", ".tar");
        unpacked.add(target);
        target.toFile().deleteOnExit();
        long limit = Math.max(MAX_UNPACKED, Math.multiplyExact(MAX_RATIO, Files.size(file)));
        byte[] buffer = new byte[1 << 16];
        long size = 0;
        try (InputStream raw = Files.newInputStream(file);
                InputStream in = new GZIPInputStream(raw, buffer.length);
                OutputStream out = Files.newOutputStream(target)) {
            for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
                size += read;
                if (size > limit) {
                    throw new DatasetException("shard grows too much when unpacked: shard=" + file + " maxBytes="
                            + limit + "; unpack it with gunzip if you trust it");
                }
                out.write(buffer, 0, read);
            }
        } catch (DatasetException e) {
            throw e;
        } catch (IOException e) {
            throw new DatasetException("shard cannot be unpacked: shard=" + file + " folder=" + target.getParent()
                    + " unpackedBytes=" + size + " reason=" + e.getMessage()
                    + "; fetch it again, or make room in the folder", e);
        }
        return target;
    }

    @Override
    public void close() throws IOException {
        for (Path file : unpacked) {
            Files.deleteIfExists(file);
        }
    }
}
