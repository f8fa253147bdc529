package org.clip4j.benchmarks.soak;

import java.io.Closeable;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Memory of this process that lies in the machine's. Reads Linux's page tables, since the counts of {@code status} lag
 * behind by some pages for each processor. Keeps its file open and its buffer, so that asking leaves no trace in what is
 * asked about. For one thread.
 */
final class ResidentMemory implements Closeable {
    private static final Path FILE = Path.of("/proc/self/smaps_rollup");
    private static final String FIELD = "\nRss:";
    private static final int LONGEST = 4096;

    private final byte[] buffer = new byte[LONGEST];
    private final RandomAccessFile file;

    ResidentMemory() throws IOException {
        file = Files.exists(FILE) ? new RandomAccessFile(FILE.toFile(), "r") : null;
    }

    /** Kilobytes, or -1 when the system does not say. */
    long kilobytes() throws IOException {
        if (file == null) {
            return -1;
        }
        file.seek(0);
        int length = file.read(buffer);
        String text = new String(buffer, 0, Math.max(length, 0), StandardCharsets.US_ASCII);
        int start = text.indexOf(FIELD);
        if (start < 0) {
            return -1;
        }
        int end = text.indexOf("kB", start);
        return Long.parseLong(text.substring(start + FIELD.length(), end).strip());
    }

    @Override
    public void close() throws IOException {
        if (file != null) {
            file.close();
        }
    }
}
