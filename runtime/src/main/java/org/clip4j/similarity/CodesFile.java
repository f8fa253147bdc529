package org.clip4j.similarity;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.RowCodes;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ModelFileException;
import org.clip4j.weights.ModelFileWriter;
import org.clip4j.weights.SafetensorsHeader;
import org.clip4j.weights.SafetensorsWriter;

/**
 * Codes of a file's embeddings, kept beside it: a safetensors file of {@code scales} [N, 2] and {@code codes} [N, E]. It says
 * in its metadata which state of which file it belongs to: size and time of the last change. Put in its place as a whole.
 */
final class CodesFile implements AutoCloseable {
    /** File systems count times in steps of up to two seconds (FAT). */
    private static final long SETTLED_MILLIS = 2000;
    private static final String STATE = "embeddings";
    private static final String NORM = "largestNorm";
    private static final String SCALES = "scales";
    private static final String CODES = "codes";

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
        long scales = start(header, path, new ModelFileWriter.Entry(SCALES, DType.F32, List.of(rows, 2)));
        long codes = start(header, path, new ModelFileWriter.Entry(CODES, DType.I8, List.of(rows, width)));
        try {
            return new RowCodes(file.map(DType.I8, width, rows, codes), file.map(DType.F32, 2, rows, scales),
                    Double.parseDouble(header.metadata().getOrDefault(NORM, "")));
        } catch (IllegalArgumentException e) {
            throw new ModelFileException("codes have no norm: file=" + path + "; delete it", e);
        }
    }

    /** Where a tensor begins in the file. */
    private static long start(SafetensorsHeader header, Path path, ModelFileWriter.Entry expected)
            throws ModelFileException {
        for (SafetensorsHeader.Entry entry : header.tensors()) {
            if (entry.name().equals(expected.name()) && entry.dtype() == expected.dtype()
                    && entry.shape().equals(expected.shape())) {
                return header.dataStartBytes() + entry.begin();
            }
        }
        throw new ModelFileException("not the codes of these embeddings: file=" + path + " expected=" + expected
                + " actual=" + header.tensors() + "; delete it");
    }

    /**
     * Writes codes, and replaces those that are there. What is there stays when this fails.
     *
     * @param state of the file that they were made of
     */
    static void write(Path embeddings, String state, RowCodes codes) throws IOException {
        int rows = codes.codes().rows();
        try (SafetensorsWriter out = SafetensorsWriter.create("codes", beside(embeddings),
                Map.of(STATE, state, NORM, String.valueOf(codes.largestNorm())),
                List.of(new ModelFileWriter.Entry(SCALES, DType.F32, List.of(rows, 2)),
                        new ModelFileWriter.Entry(CODES, DType.I8, List.of(rows, codes.codes().width()))))) {
            write(out, SCALES, codes.scales());
            write(out, CODES, codes.codes());
            out.commit(true);
        }
    }

    private static void write(SafetensorsWriter out, String name, RowBlocks rows) throws IOException {
        long at = 0;
        for (int i = 0; i < rows.count(); i++) {
            Tensor block = rows.block(i);
            int size = Math.multiplyExact(block.elements(), block.dtype().sizeBytes());
            out.write(name, at, block.bytes().duplicate().clear().limit(size));
            at += size;
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
