package org.clip4j.converter;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The entries of a zip file and where their bytes lie, so that they can be mapped; with zip64, without compression,
 * encryption or several disks. Source: APPNOTE.TXT 6.3.10, PKWARE.
 */
final class ZipDirectory {
    private static final int END_SIGNATURE = 0x0605_4b50;
    private static final int END64_SIGNATURE = 0x0606_4b50;
    private static final int LOCATOR64_SIGNATURE = 0x0706_4b50;
    private static final int ENTRY_SIGNATURE = 0x0201_4b50;
    private static final int LOCAL_SIGNATURE = 0x0403_4b50;
    private static final int END_BYTES = 22;
    private static final int MAX_COMMENT_BYTES = 0xFFFF;
    /** RN50x64 as TorchScript has about 3,000 entries. */
    private static final int MAX_ENTRIES = 100_000;
    private static final int MAX_DIRECTORY_BYTES = 32 << 20;
    private static final long MASK32 = 0xFFFF_FFFFL;

    private final FileRegion file;
    private final Map<String, Entry> entries = new LinkedHashMap<>();

    /** As the central directory says. */
    record Entry(String name, int method, int flags, long storedBytes, long sizeBytes, long headerStart) {}

    private ZipDirectory(FileRegion file) {
        this.file = file;
    }

    static ZipDirectory read(FileRegion file) throws IOException {
        ZipDirectory zip = new ZipDirectory(file);
        int tailBytes = (int) Math.min(file.sizeBytes(), END_BYTES + MAX_COMMENT_BYTES);
        long tailStart = file.sizeBytes() - tailBytes;
        ByteBuffer tail = file.read(tailStart, tailBytes);
        int end = tailBytes - END_BYTES;
        while (end >= 0 && tail.getInt(end) != END_SIGNATURE) {
            end--;
        }
        if (end < 0) {
            throw zip.broken("no end of the central directory; the file is truncated");
        }
        long count = tail.getShort(end + 10) & 0xFFFF;
        long size = tail.getInt(end + 12) & MASK32;
        long start = tail.getInt(end + 16) & MASK32;
        if (count == 0xFFFF || size == MASK32 || start == MASK32) {
            long locator = tailStart + end - 20;
            ByteBuffer bytes = zip.at(locator, 20, LOCATOR64_SIGNATURE);
            ByteBuffer end64 = zip.at(bytes.getLong(8), 56, END64_SIGNATURE);
            count = end64.getLong(32);
            size = end64.getLong(40);
            start = end64.getLong(48);
        }
        if (count < 0 || count > MAX_ENTRIES || size < 0 || size > MAX_DIRECTORY_BYTES || start < 0
                || start > file.sizeBytes() - size) {
            throw zip.broken("central directory out of range: entries=" + count + " sizeBytes=" + size + " startBytes="
                    + start);
        }
        zip.readEntries(file.read(start, (int) size), (int) count);
        return zip;
    }

    private void readEntries(ByteBuffer directory, int count) throws CheckpointException {
        for (int i = 0; i < count; i++) {
            int at = directory.position();
            if (directory.remaining() < 46 || directory.getInt(at) != ENTRY_SIGNATURE) {
                throw broken("central directory entry is damaged: index=" + i);
            }
            int nameBytes = directory.getShort(at + 28) & 0xFFFF;
            int extraBytes = directory.getShort(at + 30) & 0xFFFF;
            int commentBytes = directory.getShort(at + 32) & 0xFFFF;
            if (directory.remaining() - 46 < nameBytes + extraBytes + commentBytes) {
                throw broken("central directory entry is longer than the directory: index=" + i);
            }
            String name = StandardCharsets.UTF_8.decode(directory.slice(at + 46, nameBytes)).toString();
            ByteBuffer extra = directory.slice(at + 46 + nameBytes, extraBytes).order(directory.order());
            long[] wide = {directory.getInt(at + 24) & MASK32, directory.getInt(at + 20) & MASK32,
                    directory.getInt(at + 42) & MASK32};
            widen(wide, extra, name);
            Entry entry = new Entry(name, directory.getShort(at + 10) & 0xFFFF, directory.getShort(at + 8) & 0xFFFF,
                    wide[1], wide[0], wide[2]);
            if (entries.put(name, entry) != null) {
                throw broken("entry is there twice: name=" + name);
            }
            directory.position(at + 46 + nameBytes + extraBytes + commentBytes);
        }
    }

    /** Replaces those of size, stored size and header position that do not fit 32 bits by their zip64 values. */
    private void widen(long[] values, ByteBuffer extra, String name) throws CheckpointException {
        while (extra.remaining() >= 4) {
            int id = extra.getShort() & 0xFFFF;
            int length = extra.getShort() & 0xFFFF;
            if (length > extra.remaining()) {
                throw broken("extra field is damaged: name=" + name);
            }
            int next = extra.position() + length;
            for (int i = 0; id == 1 && i < values.length; i++) {
                if (values[i] == MASK32 && next - extra.position() >= 8) {
                    values[i] = extra.getLong();
                }
            }
            extra.position(next);
        }
    }

    Map<String, Entry> entries() {
        return entries;
    }

    /** The bytes of an entry, which must be stored without compression. */
    FileRegion region(String name) throws IOException {
        Entry entry = entries.get(name);
        if (entry == null) {
            throw broken("entry is missing: name=" + name);
        }
        if (entry.method != 0 || (entry.flags & 1) != 0 || entry.storedBytes != entry.sizeBytes) {
            throw broken("entry is compressed or encrypted, PyTorch stores them plainly: name=" + name + " method="
                    + entry.method + " flags=" + entry.flags);
        }
        ByteBuffer local = at(entry.headerStart, 30, LOCAL_SIGNATURE);
        long start = entry.headerStart + 30 + (local.getShort(26) & 0xFFFF) + (local.getShort(28) & 0xFFFF);
        return FileRegion.of(file.file(), file.channel(), start, entry.sizeBytes, "entry=" + name);
    }

    private ByteBuffer at(long position, int count, int signature) throws IOException {
        if (position < 0 || position > file.sizeBytes() - count) {
            throw broken("record lies outside the file: startBytes=" + position);
        }
        ByteBuffer bytes = file.read(position, count);
        if (bytes.getInt(0) != signature) {
            throw broken("record has a wrong signature: startBytes=" + position);
        }
        return bytes;
    }

    private CheckpointException broken(String what) {
        return new CheckpointException("not a sound zip file: " + what + " file=" + file.file());
    }
}
