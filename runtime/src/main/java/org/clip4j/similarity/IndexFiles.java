package org.clip4j.similarity;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.DeviceName;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.RowBlocks;
import org.clip4j.kernels.RowCodes;
import org.clip4j.kernels.Tensor;
import org.clip4j.weights.ModelFileException;

/** The files that an index searches: embeddings, and codes of them where these are asked for and kept. */
final class IndexFiles implements AutoCloseable {
    /** Rows of which kept codes are made again, to see that they are the same. */
    private static final int SAMPLE_ROWS = RowBlocks.MIN_ROWS;

    private final EmbeddingFile embeddings;
    private final boolean coded;
    private final boolean onHost;
    private CodesFile codes; // null where none are used
    private String problem; // why there are none

    private IndexFiles(EmbeddingFile embeddings, IndexOptions options) {
        this.embeddings = embeddings;
        this.coded = options.coded();
        // A card has copies of its own.
        this.onHost = DeviceName.parse(options.device()).kind().equals("cpu");
    }

    /**
     * Opens them to be searched.
     *
     * @throws ModelFileException when the embeddings are not sound; codes of them that are not are passed over
     */
    static IndexFiles open(Path file, IndexOptions options) throws IOException {
        String state = CodesFile.state(file);
        EmbeddingFile embeddings = EmbeddingFile.open(file);
        try {
            IndexFiles files = new IndexFiles(embeddings, options);
            if (options.coded()) {
                files.openCodes(file, state);
            }
            return files;
        } catch (IOException | RuntimeException e) {
            embeddings.close();
            throw e;
        }
    }

    private void openCodes(Path file, String state) throws IOException {
        problem = "none are kept of the file as it is";
        // What is appended meanwhile may be counted already, or not: then there are no codes of it.
        if (!state.equals(CodesFile.state(file))) {
            return;
        }
        try {
            codes = CodesFile.open(file, state, embeddings.rows(), embeddings.width());
        } catch (ModelFileException e) {
            problem = e.getMessage();
        }
    }

    /** Makes codes and keeps them; answers false when those that are kept belong to the file as it is. */
    static boolean keepCodes(Path file, Backend backend) throws IOException {
        String state = CodesFile.settledState(file);
        try (EmbeddingFile embeddings = EmbeddingFile.open(file); Arena arena = backend.newArena()) {
            RowBlocks rows = embeddings.map();
            if (isKept(file, state, backend, rows)) {
                return false;
            }
            RowCodes made = backend.rowCodes(arena, rows);
            if (!state.equals(CodesFile.state(file))) {
                throw new ModelFileException(
                        "embeddings changed while codes were made of them, which are not kept: file="
                                + file + "; try again");
            }
            CodesFile.write(file, state, made);
            return true;
        }
    }

    private static boolean isKept(Path file, String state, Backend backend, RowBlocks rows) throws IOException {
        try (CodesFile kept = CodesFile.open(file, state, rows.rows(), rows.width())) {
            return kept != null && belong(backend, rows, kept.codes());
        } catch (ModelFileException e) {
            // Damaged: they are replaced.
            return false;
        }
    }

    int rows() {
        return embeddings.rows();
    }

    /** Makes what is searched. */
    NearestRows make(Backend backend, Arena arena) throws IOException {
        RowBlocks rows = embeddings.map();
        if (!coded) {
            return backend.nearestRows(arena, rows);
        }
        if (codes != null && !belong(backend, rows, codes.codes())) {
            codes.close();
            codes = null;
            problem = "those that are kept are not of these rows";
        }
        return codes == null
                ? backend.codedNearestRows(arena, rows)
                : backend.codedNearestRows(rows, codes.codes());
    }

    /** Whether codes are what the backend makes of the rows, as far as a sample tells: a file's time can be set back. */
    private static boolean belong(Backend backend, RowBlocks rows, RowCodes codes) {
        int count = Math.min(SAMPLE_ROWS, rows.rows());
        try (Arena arena = backend.newArena()) {
            RowBlocks sample = new RowBlocks(arena, rows.dtype(), rows.width(), count);
            for (int i = 0; i < count; i++) {
                bytes(sample, i).put(bytes(rows, row(i, count, rows.rows())));
            }
            RowCodes made = backend.rowCodes(arena, sample);
            boolean same = made.largestNorm() <= codes.largestNorm();
            for (int i = 0; i < count && same; i++) {
                int row = row(i, count, rows.rows());
                same = bytes(made.codes(), i).equals(bytes(codes.codes(), row))
                        && bytes(made.scales(), i).equals(bytes(codes.scales(), row));
            }
            return same;
        }
    }

    /** The first row, the last one, and others evenly between. */
    private static int row(int sample, int samples, int rows) {
        return (int) ((long) sample * (rows - 1) / Math.max(1, samples - 1));
    }

    private static ByteBuffer bytes(RowBlocks rows, int row) {
        Tensor block = rows.blockOf(row);
        int size = rows.width() * rows.dtype().sizeBytes();
        return block.bytes().slice(rows.rowInBlock(row) * size, size);
    }

    /** A few words for people: where the codes come from. */
    String description() {
        if (!coded) {
            return "";
        }
        return codes == null
                ? "; codes made of all rows: " + problem
                : "; codes kept beside the file";
    }

    /**
     * Checks before a search that the files have all that it may read. Allocates nothing.
     *
     * @throws IllegalStateException when one became shorter
     */
    void requireWhole() {
        if (onHost) {
            embeddings.requireWhole();
            if (codes != null) {
                codes.requireWhole();
            }
        }
    }

    @Override
    public void close() throws IOException {
        try {
            embeddings.close();
        } finally {
            if (codes != null) {
                codes.close();
            }
        }
    }
}
