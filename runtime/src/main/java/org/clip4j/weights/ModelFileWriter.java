package org.clip4j.weights;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeSet;
import org.clip4j.kernels.DType;

/**
 * Writes a model file part by part, so that memory does not grow with the model: into a temporary sibling, which takes
 * the place of the target in {@link #commit}. Closing without a commit deletes the temporary file, and so does the end
 * of the program, by a signal too; the target is then as it was.
 *
 * <p>Bytes of different tensors, or of different parts of one, may be written by several threads.
 */
public final class ModelFileWriter implements AutoCloseable {
    private static final String WHAT = "model file";

    private final SafetensorsWriter out;

    /**
     * A tensor to be written.
     *
     * @param name as in the {@link TensorTable}, or {@link ModelFile#MERGES}
     * @param dtype element type
     * @param shape sizes of the axes, outermost first
     */
    public record Entry(String name, DType dtype, List<Integer> shape) {
        /** Takes a copy of the list. */
        public Entry {
            shape = List.copyOf(shape);
        }

        /** Length in bytes. */
        public long sizeBytes() {
            long size = dtype.sizeBytes();
            for (int axis : shape) {
                size = Math.multiplyExact(size, (long) axis);
            }
            return size;
        }
    }

    private ModelFileWriter(SafetensorsWriter out) {
        this.out = out;
    }

    /**
     * Starts a file: its header is written, its tensors must follow.
     *
     * @param target the file that {@link #commit} creates or replaces
     * @throws IOException when there is no place to write to
     */
    public static ModelFileWriter create(Path target, ClipConfig config, ModelSource source, List<Entry> entries)
            throws IOException {
        return new ModelFileWriter(
                SafetensorsWriter.create(WHAT, target, metadata(config, source, entries), entries));
    }

    static ModelFileWriter create(Path target, ClipConfig config, ModelSource source, List<Entry> entries,
            SafetensorsWriter.Opener opener) throws IOException {
        return new ModelFileWriter(SafetensorsWriter.create(WHAT, target, metadata(config, source, entries),
                entries, opener));
    }

    private static Map<String, String> metadata(ClipConfig config, ModelSource source, List<Entry> entries)
            throws IOException {
        TreeSet<String> precision = new TreeSet<>();
        for (Entry entry : entries) {
            if (entry.dtype().isFloatingPoint()) {
                precision.add(entry.dtype().name().toLowerCase(Locale.ROOT));
            }
        }
        Map<String, Object> from = new LinkedHashMap<>();
        from.put("file", source.file());
        source.sha256().ifPresent(sha256 -> from.put("sha256", sha256));
        Map<String, String> metadata = new LinkedHashMap<>();
        metadata.put(ModelFile.VERSION_KEY, ModelFile.FORMAT_VERSION);
        metadata.put(ModelFile.CONFIG_KEY, ConfigJson.write(config, String.join("+", precision)));
        metadata.put(ModelFile.SOURCE_KEY, JSON.std.asString(from));
        return metadata;
    }

    /**
     * Writes a part of a tensor.
     *
     * @param name one of the entries
     * @param offsetBytes where the part starts within the tensor
     * @param part little-endian values from position to limit
     */
    public void write(String name, long offsetBytes, ByteBuffer part) throws IOException {
        out.write(name, offsetBytes, part);
    }

    /**
     * Brings all bytes to the disk and puts the file in its place, whole or not at all.
     *
     * @throws IllegalStateException when less than all bytes have been written
     */
    public void commit() throws IOException {
        out.commit(true);
    }

    /**
     * Puts the file in its place without waiting for the disk: whole or not at all for every program, but a crash of
     * the machine within the next seconds can damage it. For files that can be made again at any time.
     */
    public void commitUnsynced() throws IOException {
        out.commit(false);
    }

    /** Deletes the temporary file unless {@link #commit} has succeeded. */
    @Override
    public void close() throws IOException {
        out.close();
    }
}
