package org.clip4j.similarity;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.RowCodes;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.SafetensorsHeader;

/**
 * Codes of a file's embeddings, kept beside it: a safetensors file of {@code scales} [N, 2] and {@code codes} [N, E]. It says
 * in its metadata which state of which file it belongs to: size and time of the last change. Put in its place as a whole.
 */
final class CodesFile implements AutoCloseable {
    /** A page, so that scales begin at one. */
    private static final int HEADER_BYTES = 4096;
    private static final int LENGTH_BYTES = 8;
    /** File systems count times in steps of up to two seconds (FAT). */
    private static final long SETTLED_MILLIS = 2000;
    private static final String STATE = "embeddings";
    private static final String NORM = "largestNorm";

    private final MappedFile file;
    private final RowCodes codes;

    private CodesFile(MappedFile file, RowCodes codes) {
        this.file = file;
        this.codes = codes;
    }

    /** Where the codes of a file of embeddings are. */
    static Path beside(Path embeddings) {
        return embeddings.resolveSibling(embeddings.getFileName() + ".codes");
    }

    /**
     * The state of a file that has not been changed for so long that another change gives it another time; waits until it
     * has been.
     */
    static String settledState(Path embeddings) throws IOException {
        long changedMillis = Files.getLastModifiedTime(embeddings).toMillis();
        long restMillis = changedMillis + SETTLED_MILLIS - System.currentTimeMillis();
        if (restMillis > 0 && restMillis <= SETTLED_MILLIS) {
            try {
                Thread.sleep(restMillis);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new InterruptedIOException("interrupted while a file settles: file=" + embeddings);
            }
        }
        return state(embeddings);
    }

    /** The state that a file is in: whoever changes the file gives it another. */
    static String state(Path embeddings) throws IOException {
        BasicFileAttributes attributes = Files.readAttributes(embeddings, BasicFileAttributes.class);
        return "bytes=" + attributes.size() + " changed=" + attributes.lastModifiedTime().to(TimeUnit.NANOSECONDS);
    }

    /**
     * The codes that are kept of embeddings; null when there are none, or of another state.
     *
     * @param state of the file before it was opened
     * @throws ModelFileException when there is a file of that state that is damaged
     */
    static CodesFile open(Path embeddings, String state, int rows, int width) throws IOException {
        Path path = beside(embeddings);
        if (!Files.exists(path)) {
            return null;
        }
        MappedFile file = new MappedFile(path);
        try {
            SafetensorsHeader header = SafetensorsHeader.read(file.channel(), path.toString());
            if (!state.equals(header.metadata().get(STATE))) {
                file.close();
                return null;
            }
            return new CodesFile(file, read(file, header, path, rows, width));
        } catch (IOException | RuntimeException e) {
            file.close();
            throw e;
        }
    }

    private static RowCodes read(MappedFile file, SafetensorsHeader header, Path path, int rows, int width)
            throws IOException {
        long scaleBytes = (long) rows * 2 * Float.BYTES;
        List<SafetensorsHeader.Entry> expected = List.of(
                new SafetensorsHeader.Entry("scales", DType.F32, List.of(rows, 2), 0, scaleBytes),
                new SafetensorsHeader.Entry("codes", DType.I8, List.of(rows, width), scaleBytes,
                        scaleBytes + (long) rows * width));
        if (!header.tensors().equals(expected)) {
            throw new ModelFileException("not the codes of these embeddings: file=" + path + " expected=" + expected
                    + " actual=" + header.tensors() + "; delete it");
        }
        RowBlocks scales = file.map(DType.F32, 2, rows, header.dataStartBytes());
        RowBlocks codes = file.map(DType.I8, width, rows, header.dataStartBytes() + scaleBytes);
        try {
            return new RowCodes(codes, scales, Double.parseDouble(header.metadata().getOrDefault(NORM, "")));
        } catch (IllegalArgumentException e) {
            throw new ModelFileException("codes have no norm: file=" + path + "; delete it", e);
        }
    }

    /**
     * Writes codes, and replaces those that are there. What is there stays when this fails.
     *
     * @param state of the file that they were made of
     */
    static void write(Path embeddings, String state, RowCodes codes) throws IOException {
        Path target = beside(embeddings);
        Path part = target.resolveSibling(target.getFileName() + "." + Long.toHexString(System.nanoTime()) + ".part");
        try (FileChannel channel = FileChannel.open(part, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            writeFully(channel, header(state, codes));
            writeFully(channel, codes.scales());
            writeFully(channel, codes.codes());
            channel.force(true);
            Files.move(part, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(part);
        }
    }

    private static ByteBuffer header(String state, RowCodes codes) {
        int rows = codes.codes().rows();
        int width = codes.codes().width();
        long scaleBytes = (long) rows * 2 * Float.BYTES;
        String json = "{\"__metadata__\":{\"" + STATE + "\":\"" + state + "\",\"" + NORM + "\":\""
                + codes.largestNorm() + "\"},\"scales\":{\"dtype\":\"F32\",\"shape\":[" + rows
                + ",2],\"data_offsets\":[0," + scaleBytes + "]},\"codes\":{\"dtype\":\"I8\",\"shape\":[" + rows + ","
                + width + "],\"data_offsets\":[" + scaleBytes + "," + (scaleBytes + (long) rows * width) + "]}}";
        ByteBuffer header = ByteBuffer.allocate(HEADER_BYTES).order(ByteOrder.LITTLE_ENDIAN);
        header.putLong(HEADER_BYTES - LENGTH_BYTES).put(json.getBytes(StandardCharsets.US_ASCII));
        while (header.hasRemaining()) {
            header.put((byte) ' ');
        }
        return header.flip();
    }

    private static void writeFully(FileChannel channel, RowBlocks rows) throws IOException {
        for (int i = 0; i < rows.count(); i++) {
            Tensor block = rows.block(i);
            writeFully(channel, block.bytes().duplicate().clear()
                    .limit(Math.multiplyExact(block.elements(), block.dtype().sizeBytes())));
        }
    }

    private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            channel.write(bytes);
        }
    }

    RowCodes codes() {
        return codes;
    }

    /**
     * Checks that the file has all that was mapped of it. Allocates nothing.
     *
     * @throws IllegalStateException when it became shorter
     */
    void requireWhole() {
        file.requireWhole();
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
