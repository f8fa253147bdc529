package org.clip4j.similarity;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.NearestRows;
import org.clip4j.kernels.Operands;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;

/**
 * Embeddings off the heap, of which the nearest to a query are found: those with the largest dot products, exactly, among
 * all rows as they are stored. Embeddings of unit length give cosines; nothing is normalized here.
 *
 * <p>Rows are appended to memory that is taken whole when the index is made, or lie in an {@linkplain EmbeddingFile file}:
 * mapped on a CPU, so that an index may be larger than memory, and copied to a card. A file that is mapped must not be
 * shortened: a search says so when it was, but one that is running then ends the program.
 *
 * <p>Thread-safe. Any number of threads search at a time, each with a {@link Searcher} of its own; {@link #append} waits for
 * searches that run, and they for it. {@link #nearest} is for the occasional search and takes turns. Closing frees all
 * memory: searchers must be closed before.
 */
public final class SimilarityIndex implements AutoCloseable {
    /** The most rows that can be asked for. */
    public static final int MAX_NEAREST = NearestRows.MAX_NEAREST;

    private static final int APPENDED_FLOATS = 1 << 20;

    private final Backend backend;
    private final String description;
    private final Arena arena;
    private final NearestRows rows;
    private final IndexFiles files; // null when rows lie in memory
    private final ReentrantReadWriteLock lock = new ReentrantReadWriteLock();
    private Searcher own;
    private volatile int count;
    private boolean closed;

    private SimilarityIndex(Backends.Selection selection, Arena arena, NearestRows rows, IndexFiles files, int count) {
        this.backend = selection.backend();
        this.description = selection.reason() + (files == null ? "" : files.description());
        this.arena = arena;
        this.rows = rows;
        this.files = files;
        this.count = count;
    }

    /** Makes the rows of an index. */
    @FunctionalInterface
    private interface RowMaker {
        NearestRows make(Backend backend, Arena arena) throws IOException;
    }

    /**
     * An empty index in memory.
     *
     * <p>Takes {@code capacityRows} rows of E values of the stored type, and E + 8 bytes more for each
     * {@linkplain IndexOptions#withCodes with codes}.
     *
     * @param width E, values of an embedding
     * @param capacityRows the most that can be appended
     * @throws OutOfMemoryError when there is not so much memory
     * @throws org.clip4j.kernels.BackendException when the backend cannot be used, or has no search by codes and is asked
     *         for it
     */
    public static SimilarityIndex create(int width, int capacityRows, IndexOptions options) {
        try {
            return make(options, 0, null, (backend, arena) -> options.coded()
                    ? backend.codedNearestRows(arena, width, capacityRows, options.stored())
                    : backend.nearestRows(arena, width, capacityRows, options.stored()));
        } catch (IOException e) {
            throw new UncheckedIOException("rows in memory have no files", e);
        }
    }

    /**
     * An index over the embeddings that a file has by now, in the type that it has. Nothing can be appended.
     *
     * <p>{@linkplain IndexOptions#withCodes With codes}, those are mapped that {@link #keepCodes} has made of the file as it
     * is; where there are none, they are made in memory.
     *
     * @param options whose stored type is not looked at
     * @throws IOException when the file is not a sound file of embeddings, or has none
     */
    public static SimilarityIndex open(Path file, IndexOptions options) throws IOException {
        IndexFiles files = IndexFiles.open(file, options);
        try {
            return make(options, files.rows(), files, files::make);
        } catch (IOException | RuntimeException | Error e) {
            try {
                files.close();
            } catch (IOException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    /**
     * Makes the codes of a file's embeddings and keeps them beside it, as {@code FILE.codes}, in place of any that are there.
     * An index that is opened {@linkplain IndexOptions#withCodes with codes} maps them, and begins without reading the
     * embeddings. They count for the file as it is, known by its size and the time of its last change, and for a sample of
     * its rows: once embeddings have been appended, they are made in memory again, until this is called anew.
     *
     * <p>Takes E + 8 bytes of memory for each row while it runs, and waits until a file that has just been changed is two
     * seconds old.
     *
     * @return false when the file had codes of it as it is
     * @throws org.clip4j.kernels.BackendException when the backend cannot be used, or has no search by codes
     */
    public static boolean keepCodes(Path file, IndexOptions options) throws IOException {
        try (Backend backend = select(options).backend()) {
            return IndexFiles.keepCodes(file, backend);
        }
    }

    private static Backends.Selection select(IndexOptions options) {
        // Rows and scores have types of their own; no layer is computed.
        return Backends.select(options.device(), options.backend(),
                new BackendOptions(options.threads(), Precision.F32));
    }

    private static SimilarityIndex make(IndexOptions options, int count, IndexFiles files, RowMaker maker)
            throws IOException {
        Backends.Selection selection = select(options);
        Arena arena = selection.backend().newArena();
        try {
            return new SimilarityIndex(selection, arena, maker.make(selection.backend(), arena), files, count);
        } catch (IOException | RuntimeException | Error e) {
            arena.close();
            selection.backend().close();
            throw e;
        }
    }

    /** E, values of an embedding. */
    public int width() {
        return rows.width();
    }

    /** Rows so far. */
    public int rows() {
        return count;
    }

    /** Rows that there is memory for. */
    public int capacityRows() {
        return rows.capacityRows();
    }

    /** The type that rows are stored in. */
    public DType stored() {
        return rows.stored();
    }

    /** One line for people: what searches run on, and why. */
    public String description() {
        return description;
    }

    /** Appends one embedding; answers its row. */
    public int append(float[] embedding) {
        return append(FloatBuffer.wrap(embedding), 0, embedding.length == width() ? 1 : wrongSize(embedding.length));
    }

    private int wrongSize(int size) {
        throw new IllegalArgumentException("embedding has the wrong size: expected=" + width() + " actual=" + size);
    }

    /**
     * Appends embeddings, rounded to the stored type.
     *
     * @param embeddings heap or direct buffer; position and limit are not changed
     * @param index of the first value
     * @param newRows number of embeddings
     * @return the first one's row; the others follow
     * @throws IllegalStateException when there is no memory left for them, as there never is for an index in a file; none is
     *         appended then
     */
    public int append(FloatBuffer embeddings, int index, int newRows) {
        int E = width();
        Objects.checkFromIndexSize(index, Math.multiplyExact(newRows, E), embeddings.limit());
        lock.writeLock().lock();
        try {
            requireOpen();
            int first = count;
            if (newRows > capacityRows() - first) {
                throw new IllegalStateException("index is full: rows=" + first + " appended=" + newRows
                        + " capacityRows=" + capacityRows() + "; make one with a larger capacity");
            }
            int pieceRows = Math.max(1, Math.min(newRows, APPENDED_FLOATS / E));
            ByteBuffer bytes = ByteBuffer.allocateDirect(pieceRows * E * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
            Tensor piece = Tensor.of(bytes, DType.F32, Tensor.NO_ADDRESS, pieceRows, E);
            try (ExecutionContext context = backend.newContext()) {
                for (int done = 0; done < newRows; done += pieceRows) {
                    int part = Math.min(pieceRows, newRows - done);
                    piece.floats().put(0, embeddings, index + done * E, part * E);
                    rows.set(context, first + done, piece, part);
                }
            }
            count = first + newRows;
            return first;
        } finally {
            lock.writeLock().unlock();
        }
    }

    /**
     * A searcher for one thread.
     *
     * @param maxQueries of one search
     * @param maxNearest of one search, at most {@link #MAX_NEAREST}
     */
    public Searcher searcher(int maxQueries, int maxNearest) {
        Operands.requirePositive("maxQueries", maxQueries);
        if (maxNearest < 1 || maxNearest > MAX_NEAREST) {
            throw new IllegalArgumentException("so many rows cannot be asked for: maxNearest=" + maxNearest + " limit="
                    + MAX_NEAREST);
        }
        lock.readLock().lock();
        try {
            requireOpen();
            return new Searcher(this, backend, maxQueries, maxNearest);
        } finally {
            lock.readLock().unlock();
        }
    }

    /**
     * The rows nearest to one query, nearest first; of equal scores the smaller row first.
     *
     * @param k as many, or all rows where there are fewer
     */
    public synchronized List<Match> nearest(float[] query, int k) {
        if (own == null) {
            own = searcher(1, MAX_NEAREST);
        }
        float[] scores = new float[k];
        int[] found = new int[k];
        int matches = own.search(FloatBuffer.wrap(query), 0, query.length == width() ? 1 : wrongSize(query.length), k,
                scores, found);
        List<Match> result = new ArrayList<>();
        for (int i = 0; i < matches; i++) {
            result.add(new Match(found[i], scores[i]));
        }
        return result;
    }

    NearestRows nearestRows() {
        return rows;
    }

    /** Before a search; nothing is appended until {@link #leave}. Answers how many rows there are. */
    int enter() {
        lock.readLock().lock();
        try {
            requireOpen();
            if (files != null) {
                files.requireWhole();
            }
            return count;
        } catch (RuntimeException e) {
            lock.readLock().unlock();
            throw e;
        }
    }

    void leave() {
        lock.readLock().unlock();
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("the index is closed");
        }
    }

    /** Waits for searches that run, then frees all memory. May be called again. */
    @Override
    public synchronized void close() {
        lock.writeLock().lock();
        try {
            if (closed) {
                return;
            }
            closed = true;
            if (own != null) {
                own.close();
            }
            try {
                arena.close();
            } finally {
                backend.close();
            }
        } finally {
            closeFiles();
            lock.writeLock().unlock();
        }
    }

    private void closeFiles() {
        if (files != null) {
            try {
                files.close();
            } catch (IOException e) {
                throw new UncheckedIOException("the files of an index cannot be closed: " + e.getMessage(), e);
            }
        }
    }
}
