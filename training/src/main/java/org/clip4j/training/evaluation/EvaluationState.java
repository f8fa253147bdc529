package org.clip4j.training.evaluation;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.TreeSet;
import java.util.zip.CRC32;

/**
 * What an evaluation knows so far: a few numbers for each item that is done, and embeddings that are still needed.
 * Kept in
 * a file if there is one, which is replaced as a whole, so that an interrupted evaluation goes on where it was.
 * For one
 * thread.
 *
 * <p>
 * The file: magic, settings as JSON, numbers, embeddings, each with its length in front, and a CRC-32 of all that.
 */
public final class EvaluationState {
    private static final int MAGIC = 0x434C4531; // CLE1
    /** 10 s: what an interruption loses at most, where writing is fast. */
    private static final long INTERVAL_NANOS = 10_000_000_000L;
    /** Writing may take a twentieth of the time. */
    private static final int PATIENCE = 20;

    private final Path file;
    private final Map<String, String> settings;
    private final boolean resumed;
    private int[] rows = new int[1024];
    private int rowInts;
    private float[] tail = new float[0];
    private int tailFloats;
    private long nextSave;

    private EvaluationState(Path file, Map<String, String> settings) throws IOException {
        this.file = file;
        this.settings = new LinkedHashMap<>(settings);
        this.resumed = file != null && Files.exists(file);
        if (resumed) {
            load();
        }
        this.nextSave = System.nanoTime() + INTERVAL_NANOS;
    }

    /** A state that is not kept. */
    public static EvaluationState inMemory() {
        try {
            return new EvaluationState(null, Map.of());
        } catch (IOException e) {
            throw new IllegalStateException("there is no file", e);
        }
    }

    /**
     * Opens a state: the file's if it exists.
     *
     * @param settings all that the results depend on
     * @throws EvaluationException when the file is of another evaluation, or damaged
     */
    public static EvaluationState open(Path file, Map<String, String> settings) throws IOException {
        return new EvaluationState(Objects.requireNonNull(file, "file"), settings);
    }

    /** Whether there was a file. */
    public boolean resumed() {
        return resumed;
    }

    int rowInts() {
        return rowInts;
    }

    int row(int at) {
        return rows[at];
    }

    void append(int[] numbers) {
        if (rowInts + numbers.length > rows.length) {
            rows = Arrays.copyOf(rows, Math.max(Math.addExact(rows.length, rows.length / 2),
                    rowInts + numbers.length));
        }
        System.arraycopy(numbers, 0, rows, rowInts, numbers.length);
        rowInts += numbers.length;
    }

    int tailFloats() {
        return tailFloats;
    }

    /** The embeddings themselves; valid until the next one is added. */
    float[] tail() {
        return tail;
    }

    void appendTail(float[] embedding) {
        if (tailFloats + embedding.length > tail.length) {
            tail = Arrays.copyOf(tail, Math.max(Math.addExact(tail.length, tail.length / 2),
                    tailFloats + embedding.length));
        }
        System.arraycopy(embedding, 0, tail, tailFloats, embedding.length);
        tailFloats += embedding.length;
    }

    void clearTail() {
        tailFloats = 0;
    }

    /** Writes the file when the last time is long ago. */
    void saveIfDue() throws IOException {
        long start = System.nanoTime();
        if (file != null && start - nextSave >= 0) {
            save();
            long took = System.nanoTime() - start;
            nextSave = System.nanoTime() + Math.max(INTERVAL_NANOS, PATIENCE * took);
        }
    }

    /** Writes the file. */
    void save() throws IOException {
        if (file == null) {
            return;
        }
        byte[] header = JSON.std.asString(settings).getBytes(StandardCharsets.UTF_8);
        long size = 4L * Integer.BYTES + header.length + (long) Integer.BYTES * rowInts
                + (long) Float.BYTES * tailFloats + Long.BYTES;
        ByteBuffer bytes = ByteBuffer.allocate(Math.toIntExact(size));
        bytes.putInt(MAGIC).putInt(header.length).put(header).putInt(rowInts);
        bytes.asIntBuffer().put(rows, 0, rowInts);
        bytes.position(bytes.position() + Integer.BYTES * rowInts);
        bytes.putInt(tailFloats);
        bytes.asFloatBuffer().put(tail, 0, tailFloats);
        bytes.position(bytes.position() + Float.BYTES * tailFloats);
        bytes.putLong(checksum(bytes.array(), bytes.position())).flip();
        Path folder = file.toAbsolutePath().getParent();
        Path part = folder.resolve("." + file.getFileName() + "." + ProcessHandle.current().pid() + ".part");
        try {
            try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE, StandardOpenOption.WRITE,
                    StandardOpenOption.TRUNCATE_EXISTING)) {
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
            Files.move(part, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            Files.deleteIfExists(part);
            throw new EvaluationException("state cannot be written: file=" + file + " reason=" + e.getMessage()
                    + "; free some space or choose another file", e);
        }
    }

    /** Deletes the file: the evaluation is done. */
    public void delete() throws IOException {
        if (file != null) {
            Files.deleteIfExists(file);
        }
    }

    private void load() throws IOException {
        // 2 GB hold what an evaluation of the largest groups keeps, many times over.
        if (!Files.isRegularFile(file) || Files.size(file) > Integer.MAX_VALUE - 64) {
            throw damaged("no state");
        }
        ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(file));
        int end = bytes.capacity() - Long.BYTES;
        if (end < 4 * Integer.BYTES || bytes.getInt() != MAGIC) {
            throw damaged("no state");
        }
        if (bytes.getLong(end) != checksum(bytes.array(), end)) {
            throw damaged("wrong checksum");
        }
        byte[] header = new byte[length(bytes, 1, end)];
        bytes.get(header);
        requireSame(JSON.std.mapFrom(new String(header, StandardCharsets.UTF_8)));
        rowInts = length(bytes, Integer.BYTES, end);
        rows = new int[Math.max(1024, rowInts)];
        bytes.asIntBuffer().get(rows, 0, rowInts);
        bytes.position(bytes.position() + Integer.BYTES * rowInts);
        tailFloats = length(bytes, Float.BYTES, end);
        tail = new float[tailFloats];
        bytes.asFloatBuffer().get(tail);
    }

    private int length(ByteBuffer bytes, int unit, int end) throws EvaluationException {
        int length = bytes.position() + Integer.BYTES <= end ? bytes.getInt() : -1;
        if (length < 0 || length > (end - bytes.position()) / unit) {
            throw damaged("wrong length");
        }
        return length;
    }

    private EvaluationException damaged(String how) {
        return new EvaluationException("state cannot be used: file=" + file + " reason=" + how
                + "; delete it, or name another file with --state");
    }

    private void requireSame(Map<String, Object> found) throws EvaluationException {
        TreeSet<String> names = new TreeSet<>(settings.keySet());
        names.addAll(found.keySet());
        for (String name : names) {
            if (!Objects.equals(settings.get(name), found.get(name))) {
                throw new EvaluationException("state is of another evaluation: file=" + file + " differs=" + name
                        + " expected=" + settings.get(name) + " actual=" + found.get(name)
                        + "; delete it, or name another file with --state");
            }
        }
    }

    private static long checksum(byte[] bytes, int length) {
        CRC32 crc = new CRC32();
        crc.update(bytes, 0, length);
        return crc.getValue();
    }
}
