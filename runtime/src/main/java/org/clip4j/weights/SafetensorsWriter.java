package org.clip4j.weights;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Writes a safetensors file part by part: into a temporary sibling, which takes the place of the target in {@link #commit}.
 * Closing without a commit deletes the temporary file, and so does the end of the program, by a signal too; the target is
 * then as it was.
 *
 * <p>Bytes of different tensors, or of different parts of one, may be written by several threads.
 */
public final class SafetensorsWriter implements AutoCloseable {
    /** A multiple of the longest vector register and of the cache line: tensors start at such positions. */
    private static final int ALIGNMENT_BYTES = 64;

    private final String what;
    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private final ExitDeletion exitDeletion;
    private final Map<String, Long> starts = new HashMap<>();
    private final Map<String, Long> sizes = new HashMap<>();
    private final AtomicLong writtenBytes = new AtomicLong();
    private long totalBytes;
    private boolean committed;

    /** How the temporary file is opened; another one in tests. */
    interface Opener {
        FileChannel open(Path file) throws IOException;
    }

    private SafetensorsWriter(String what, Path target, Path temporary, FileChannel channel,
            ExitDeletion exitDeletion) {
        this.what = what;
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
        this.exitDeletion = exitDeletion;
    }

    /**
     * Starts a file: its header is written, its tensors must follow.
     *
     * @param what messages call the file
     * @param target the file that {@link #commit} creates or replaces
     * @param metadata of the header
     * @param entries all tensors
     * @throws IOException when there is no place to write to
     */
    public static SafetensorsWriter create(String what, Path target, Map<String, String> metadata,
            List<ModelFileWriter.Entry> entries) throws IOException {
        return create(what, target, metadata, entries,
                file -> FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
    }

    static SafetensorsWriter create(String what, Path target, Map<String, String> metadata,
            List<ModelFileWriter.Entry> entries, Opener opener) throws IOException {
        if (Files.isDirectory(target)) {
            throw new ModelFileException(
                    "cannot write the " + what + ", there is a folder of that name: file=" + target);
        }
        Path folder = target.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new ModelFileException("cannot write the " + what + ", its folder does not exist: file=" + target);
        }
        Path temporary = folder.resolve(
                "." + target.getFileName() + "." + Long.toHexString(ProcessHandle.current().pid()) + "-"
                        + Long.toHexString(System.nanoTime()) + ".part");
        ExitDeletion exitDeletion = ExitDeletion.of(temporary);
        FileChannel channel;
        try {
            channel = opener.open(temporary);
        } catch (FileSystemException e) {
            exitDeletion.close();
            throw new ModelFileException("cannot write the " + what + ": file=" + target + " reason=" + reason(e), e);
        } catch (IOException | RuntimeException e) {
            exitDeletion.close();
            throw e;
        }
        SafetensorsWriter writer = new SafetensorsWriter(what, target, temporary, channel, exitDeletion);
        try {
            writer.writeHeader(metadata, entries);
        } catch (IOException | RuntimeException e) {
            writer.close();
            throw e;
        }
        return writer;
    }

    private void writeHeader(Map<String, String> metadata, List<ModelFileWriter.Entry> entries) throws IOException {
        // Tensors of whole cache lines first and the others by falling element size keep all of them aligned without
        // holes, which the format does not allow.
        List<ModelFileWriter.Entry> ordered = new ArrayList<>(entries);
        ordered.sort(Comparator.comparingInt(
                entry -> entry.sizeBytes() % ALIGNMENT_BYTES == 0 ? 0 : 1 + 8 - entry.dtype().sizeBytes()));
        Map<String, Object> header = new LinkedHashMap<>();
        header.put("__metadata__", metadata);
        long position = 0;
        for (ModelFileWriter.Entry entry : ordered) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("dtype", entry.dtype().name());
            fields.put("shape", entry.shape());
            fields.put("data_offsets", List.of(position, position + entry.sizeBytes()));
            if (header.put(entry.name(), fields) != null) {
                throw new IllegalArgumentException("tensor is named twice: name=" + entry.name());
            }
            starts.put(entry.name(), position);
            sizes.put(entry.name(), entry.sizeBytes());
            position += entry.sizeBytes();
        }
        byte[] json = JSON.std.asString(header).getBytes(StandardCharsets.UTF_8);
        int padded = (8 + json.length + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES - 8;
        ByteBuffer bytes = ByteBuffer.allocate(8 + padded).order(ByteOrder.LITTLE_ENDIAN);
        bytes.putLong(padded).put(json);
        while (bytes.hasRemaining()) {
            bytes.put((byte) ' ');
        }
        starts.replaceAll((name, start) -> start + 8 + padded);
        totalBytes = position;
        writeFully(bytes.flip(), 0);
    }

    /**
     * Writes a part of a tensor.
     *
     * @param name one of the entries
     * @param offsetBytes where the part starts within the tensor
     * @param part little-endian values from position to limit
     */
    public void write(String name, long offsetBytes, ByteBuffer part) throws IOException {
        long start = starts.getOrDefault(name, -1L);
        if (start < 0 || offsetBytes < 0 || part.remaining() > sizes.get(name) - offsetBytes) {
            throw new IllegalArgumentException("part lies outside its tensor: name=" + name + " offsetBytes="
                    + offsetBytes + " partBytes=" + part.remaining() + " tensorBytes=" + sizes.get(name));
        }
        int count = part.remaining();
        writeFully(part, start + offsetBytes);
        writtenBytes.addAndGet(count);
    }

    private void writeFully(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        try {
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } catch (IOException e) {
            throw new IOException("cannot write the " + what + ": file=" + target + " positionBytes=" + at + " reason="
                    + reason(e) + "; free some space or choose another folder", e);
        }
    }

    /**
     * Puts the file in its place, whole or not at all.
     *
     * @param sync whether to bring all bytes to the disk first; else a crash of the machine within the next seconds can
     *     damage the file
     * @throws IllegalStateException when less than all bytes have been written
     */
    public void commit(boolean sync) throws IOException {
        if (writtenBytes.get() < totalBytes) {
            throw new IllegalStateException("tensors have not been written to the end: file=" + target
                    + " expectedBytes=" + totalBytes + " actualBytes=" + writtenBytes);
        }
        try {
            if (sync) {
                channel.force(true);
            }
            channel.close();
            try {
                Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } catch (AtomicMoveNotSupportedException e) {
                Files.move(temporary, target, StandardCopyOption.REPLACE_EXISTING);
            }
            committed = true;
        } catch (IOException e) {
            throw new IOException("cannot write the " + what + ": file=" + target + " reason=" + reason(e), e);
        }
    }

    private static String reason(IOException e) {
        String detail = e instanceof FileSystemException f && f.getReason() != null ? f.getReason() : e.getMessage();
        return e.getClass() == IOException.class ? detail : e.getClass().getSimpleName() + " (" + detail + ")";
    }

    /** Deletes the temporary file unless {@link #commit} has succeeded. */
    @Override
    public void close() throws IOException {
        try {
            channel.close();
        } finally {
            if (!committed) {
                Files.deleteIfExists(temporary);
            }
            exitDeletion.close();
        }
    }
}
