package org.clip4j.similarity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.SafetensorsHeader;

/**
 * Embeddings on disk: a safetensors file of one tensor {@value #TENSOR} [N, E], which any reader of that format opens, and
 * of which any file with such a tensor is one. Files made here have room in their header, so that rows are appended in
 * place: first the rows, then the header that counts them.
 *
 * <p>A crash while rows are appended leaves bytes that the header does not count; {@link #recover} drops them. A file must
 * not be shortened while it is searched: before each search its length is checked, but a map that loses its bytes within
 * one ends the program.
 *
 * <p>Not thread-safe; one program appends at a time, others may search what was there when they opened it.
 */
public final class EmbeddingFile implements AutoCloseable {
    /** Name of the tensor. */
    public static final String TENSOR = "embeddings";

    /** A page, so that rows of files made here begin at one. */
    private static final int HEADER_BYTES = 4096;
    private static final int LENGTH_BYTES = 8;
    private static final int PIECE_FLOATS = 1 << 18;

    private final Path path;
    private final FileChannel channel;
    private final MappedFile mapped; // null when rows are appended
    private final DType stored;
    private final int width;
    private final long dataStartBytes;
    private int rows;

    private EmbeddingFile(Path path, FileChannel channel, MappedFile mapped, DType stored, int width,
            long dataStartBytes, int rows) {
        this.path = path;
        this.channel = channel;
        this.mapped = mapped;
        this.stored = stored;
        this.width = width;
        this.dataStartBytes = dataStartBytes;
        this.rows = rows;
    }

    /**
     * A new file without rows.
     *
     * @param width E, values of an embedding
     * @param stored F32, F16 or BF16
     * @throws java.nio.file.FileAlreadyExistsException when there is such a file
     */
    public static EmbeddingFile create(Path path, int width, DType stored) throws IOException {
        Operands.checkNearestRows(width, 1, stored);
        FileChannel channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE,
                StandardOpenOption.READ);
        EmbeddingFile file = new EmbeddingFile(path, channel, null, stored, width, HEADER_BYTES, 0);
        try {
            file.writeHeader();
        } catch (IOException e) {
            channel.close();
            throw e;
        }
        return file;
    }

    /**
     * Opens a file to read it.
     *
     * @throws ModelFileException when it is not a sound safetensors file with such a tensor and no other
     */
    public static EmbeddingFile open(Path path) throws IOException {
        MappedFile mapped = new MappedFile(path);
        try {
            return read(path, mapped.channel(), mapped);
        } catch (IOException | RuntimeException e) {
            mapped.close();
            throw e;
        }
    }

    /**
     * Opens a file that was made here, to append to it.
     *
     * @throws ModelFileException when it is not one
     */
    public static EmbeddingFile openToAppend(Path path) throws IOException {
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE);
        try {
            return read(path, channel, null);
        } catch (IOException | RuntimeException e) {
            channel.close();
            throw e;
        }
    }

    private static EmbeddingFile read(Path path, FileChannel channel, MappedFile mapped) throws IOException {
        SafetensorsHeader header = SafetensorsHeader.read(channel, path.toString());
        SafetensorsHeader.Entry entry = header.tensors().size() == 1 ? header.tensors().get(0) : null;
        if (entry == null || !entry.name().equals(TENSOR) || entry.shape().size() != 2) {
            throw new ModelFileException("not a file of embeddings: file=" + path + " expected=" + TENSOR
                    + "[N, E] actual=" + header.tensors());
        }
        int width = entry.shape().get(1);
        try {
            Operands.checkNearestRows(width, Math.max(1, entry.shape().get(0)), entry.dtype());
        } catch (IllegalArgumentException e) {
            throw new ModelFileException("embeddings cannot be searched: file=" + path + " reason=" + e.getMessage(),
                    e);
        }
        if (mapped == null && header.dataStartBytes() != HEADER_BYTES) {
            throw new ModelFileException("file has no room in its header, nothing can be appended: file=" + path
                    + " headerBytes=" + header.dataStartBytes() + " expected=" + HEADER_BYTES);
        }
        return new EmbeddingFile(path, channel, mapped, entry.dtype(), width, header.dataStartBytes(),
                entry.shape().get(0));
    }

    /**
     * Drops what an append has left that did not come to its end. A sound file stays as it is.
     *
     * @return bytes that were dropped
     * @throws ModelFileException when it is not a file that was made here, or lacks rows
     */
    public static long recover(Path path) throws IOException {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES);
            int read = 0;
            while (header.hasRemaining() && read >= 0) {
                read = channel.read(header, header.position());
            }
            String json = new String(header.array(), LENGTH_BYTES, HEADER_BYTES - LENGTH_BYTES,
                    StandardCharsets.US_ASCII);
            int end = json.indexOf("]}}");
            int comma = json.lastIndexOf(',', Math.max(0, end));
            String digits = end < 0 ? "" : json.substring(comma + 1, end);
            if (header.hasRemaining() || !digits.matches("[0-9]{1,18}")) {
                throw new ModelFileException("not a file of embeddings that was made here: file=" + path);
            }
            long expected = HEADER_BYTES + Long.parseLong(digits);
            long dropped = channel.size() - expected;
            if (dropped > 0) {
                channel.truncate(expected);
            }
            read(path, channel, null);
            return Math.max(0, dropped);
        }
    }

    /** E, values of an embedding. */
    public int width() {
        return width;
    }

    /** The type that they are stored in. */
    public DType stored() {
        return stored;
    }

    /** Number of embeddings. */
    public int rows() {
        return rows;
    }

    /** Appends one embedding; answers its row. */
    public int append(float[] embedding) throws IOException {
        if (embedding.length != width) {
            throw new IllegalArgumentException("embedding has the wrong size: expected=" + width + " actual="
                    + embedding.length);
        }
        return append(FloatBuffer.wrap(embedding), 0, 1);
    }

    /**
     * Appends embeddings, rounded to nearest even. They are counted once all are written.
     *
     * @param embeddings heap or direct buffer; position and limit are not changed
     * @param index of the first value
     * @param newRows number of embeddings
     * @return the first one's row; the others follow
     * @throws IllegalStateException when the file was opened to read only
     */
    public int append(FloatBuffer embeddings, int index, int newRows) throws IOException {
        if (mapped != null) {
            throw new IllegalStateException("file is open to be read only: file=" + path);
        }
        int values = Math.multiplyExact(newRows, width);
        Objects.checkFromIndexSize(index, values, embeddings.limit());
        Operands.checkNearestRows(width, Math.addExact(rows, Math.max(1, newRows)), stored);
        ByteBuffer piece = ByteBuffer.allocateDirect(Math.min(PIECE_FLOATS, Math.max(1, values)) * stored.sizeBytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        long at = dataStartBytes + (long) rows * width * stored.sizeBytes();
        for (int done = 0; done < values;) {
            piece.clear();
            for (; done < values && piece.hasRemaining(); done++) {
                put(piece, embeddings.get(index + done));
            }
            at = write(piece.flip(), at);
        }
        int first = rows;
        rows += newRows;
        writeHeader();
        return first;
    }

    private void put(ByteBuffer piece, float value) {
        switch (stored) {
            case F16 -> piece.putShort(HalfPrecision.f32ToF16(value));
            case BF16 -> piece.putShort(HalfPrecision.f32ToBf16(value));
            default -> piece.putFloat(value);
        }
    }

    private void writeHeader() throws IOException {
        // One write, so that a reader sees the old header or the new one.
        String json = "{\"" + TENSOR + "\":{\"dtype\":\"" + stored.name() + "\",\"shape\":[" + rows + "," + width
                + "],\"data_offsets\":[0," + (long) rows * width * stored.sizeBytes() + "]}}";
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(HEADER_BYTES - LENGTH_BYTES).put(json.getBytes(StandardCharsets.US_ASCII));
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        write(header.flip(), 0);
    }

    private long write(ByteBuffer bytes, long position) throws IOException {
        long at = position;
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
        return at;
    }

    /** Brings all that was appended to the disk. */
    public void force() throws IOException {
        channel.force(true);
    }

    /**
     * The rows as maps of the file, which stay valid when it is closed; of files that are open to be read.
     *
     * @throws ModelFileException when there are none
     */
    RowBlocks map() throws IOException {
        if (rows == 0) {
            throw new ModelFileException("file has no embeddings: file=" + path);
        }
        return mapped.map(stored, width, rows, dataStartBytes);
    }

    /**
     * Checks that the file has all that was mapped of it. Allocates nothing.
     *
     * @throws IllegalStateException when it became shorter
     */
    void requireWhole() {
        mapped.requireWhole();
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
