package org.clip4j.clip;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Function;
import org.clip4j.image.Image;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.PinnedThread;
import org.clip4j.kernels.PinningOrder;
import org.clip4j.model.ImageTower;
import org.clip4j.model.TextTower;
import org.clip4j.text.BpeMerges;
import org.clip4j.text.ClipTokenizer;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelFile;

/**
 * A CLIP model, ready to run: immutable, shared by any number of threads.
 *
 * <p>Threads that embed a lot open a {@link ClipSession} each. The methods {@code embed} of the model itself borrow one
 * of a fixed number of sessions; when all are busy, callers queue.
 *
 * <p>Off-heap memory (packed weights, sessions' workspaces) is freed by {@link #close()}, which waits for calls in
 * flight. Afterwards embedding and opening sessions throw {@link IllegalStateException}.
 */
public final class ClipModel implements AutoCloseable {
    private final ModelFile file;
    private final Backend backend;
    private final String backendReason;
    private final Arena arena;
    private final ImageTower imageTower;
    private final TextTower textTower;
    private final ClipTokenizer tokenizer;
    private final Set<Tower> towers;
    private final float logitScale;
    private final CallGate gate;
    private final List<ClipSession> sessions = new ArrayList<>();
    private final BlockingQueue<ClipSession> pool;
    private final Path packedFile;
    private final String packedProblem;

    private ClipModel(ModelFile file, Backends.Selection selection, LoadOptions options, PackedLayers.Origin layers) {
        this.file = file;
        this.backend = selection.backend();
        this.backendReason = selection.reason();
        this.packedFile = layers.file();
        this.packedProblem = layers.problem();
        this.towers = options.towers();
        this.gate = new CallGate("model " + file.name());
        this.arena = backend.newArena();
        boolean complete = false;
        try {
            imageTower = towers.contains(Tower.IMAGE)
                    ? ImageTower.prepare(backend, arena, file.config(), file, layers.store())
                    : null;
            textTower = towers.contains(Tower.TEXT)
                    ? TextTower.prepare(backend, arena, file.config(), file, layers.store())
                    : null;
            tokenizer = towers.contains(Tower.TEXT) ? readTokenizer(options.ftfy()) : null;
            logitScale = file.logitScale();
            pool = new ArrayBlockingQueue<>(options.pooledSessions());
            for (int i = 0; i < options.pooledSessions(); i++) {
                ClipSession session = newSession(SessionOptions.defaults());
                session.use().joinPool();
                pool.add(session);
            }
            complete = true;
        } finally {
            if (!complete) {
                freeSessions();
                arena.close();
            }
        }
    }

    /**
     * Loads a converted model with both towers on the fastest CPU backend.
     *
     * @throws IOException when the file cannot be read, or is not a sound model file
     * @throws org.clip4j.kernels.BackendException when no backend can be used
     */
    public static ClipModel load(Path file) throws IOException {
        return load(file, LoadOptions.defaults());
    }

    /**
     * Loads a converted model.
     *
     * @throws IOException when the file cannot be read, or is not a sound model file
     * @throws org.clip4j.kernels.BackendException when the backend that the options name cannot be used
     */
    public static ClipModel load(Path file, LoadOptions options) throws IOException {
        return load(ModelFile.open(file), options);
    }

    /**
     * Loads a model from a file that is open, for example one that lies in memory.
     *
     * @param file belongs to the model from now on: it is closed with the model, and at once when loading fails
     * @throws org.clip4j.kernels.BackendException when the backend that the options name cannot be used
     */
    public static ClipModel load(ModelFile file, LoadOptions options) {
        Backend backend = null;
        ClipModel model = null;
        try {
            Backends.Selection selection = Backends.select(options.device(), options.backend(),
                    new BackendOptions(options.threads(), options.precision()).withPinned(options.pinned()));
            backend = selection.backend();
            model = PackedLayers.load(file, backend, layers -> new ClipModel(file, selection, options, layers));
            return model;
        } finally {
            if (model == null) {
                if (backend != null) {
                    backend.close();
                }
                file.close();
            }
        }
    }

    private ClipTokenizer readTokenizer(boolean ftfy) {
        Optional<ByteBuffer> merges = file.bpeMerges();
        if (merges.isEmpty()) {
            return null;
        }
        return ClipTokenizer.of(BpeMerges.parse(merges.get()), file.config().text().contextLength()).withFtfy(ftfy);
    }

    /** Hyper-parameters. */
    public ClipConfig config() {
        return file.config();
    }

    /** What messages call the file that it was loaded from: its path, or the name given with its bytes. */
    public String name() {
        return file.name();
    }

    /**
     * The file it was loaded from.
     *
     * @throws IllegalStateException when it was loaded from memory
     */
    public Path path() {
        return file.path();
    }

    /**
     * Reads all weights and refuses NaN and infinity: for files of doubt, and to learn why an embedding is not finite.
     *
     * @throws org.clip4j.weights.ModelFileException that names the first such tensor
     * @throws IllegalStateException after {@link #close}
     */
    public void checkFinite() throws IOException {
        gate.enter();
        try {
            file.checkFinite();
        } finally {
            gate.exit();
        }
    }

    /** E, length of every embedding. */
    public int embedDim() {
        return file.config().embedDim();
    }

    /** R, height and width in pixels that images are brought to. */
    public int imageResolution() {
        return file.config().vision().imageResolution();
    }

    /** The factor between cosines and logits, exp(logit_scale); about 100 in trained models. */
    public float logitScale() {
        return logitScale;
    }

    /** The towers that were loaded. */
    public Set<Tower> towers() {
        return towers;
    }

    /** Name of the backend that runs the model. */
    public String backendName() {
        return backend.name();
    }

    /**
     * Binds the calling thread to the processor that threads of {@link LoadOptions#pinned} leave to it, or to the first one
     * granted to the process where those are not bound; several threads of which each calls a session are better told apart
     * by {@link PinnedThread#to}.
     *
     * @return to be closed by the same thread, which then runs where it could before
     * @throws org.clip4j.kernels.BackendException when threads cannot be bound here, with the reason
     */
    public PinnedThread pinThread() {
        int[] pinned = backend.pinnedProcessors();
        return PinnedThread.to(pinned.length > 0 ? pinned[0] : PinningOrder.granted()[0]);
    }

    Backend backend() {
        return backend;
    }

    /** One line: which backend was chosen and why. */
    public String backendReason() {
        return backendReason;
    }

    /** The file that packed weights are mapped from, see {@link PackedLayers}; empty when they were packed on loading. */
    public Optional<Path> packedFile() {
        return Optional.ofNullable(packedFile);
    }

    /** One line: why a file of packed weights that lies beside the model was passed over; empty when none was. */
    public Optional<String> packedProblem() {
        return Optional.ofNullable(packedProblem);
    }

    /**
     * The tokenizer with the model's vocabulary.
     *
     * @throws IllegalStateException when the text tower was not loaded, or the model has no vocabulary
     */
    public ClipTokenizer tokenizer() {
        if (tokenizer == null) {
            throw new IllegalStateException(towers.contains(Tower.TEXT)
                    ? "the model has no vocabulary: file=" + name() + "; convert it again with --vocab FILE"
                    : "the text tower was not loaded: file=" + name() + " towers=" + towers);
        }
        return tokenizer;
    }

    /** A session of the default size, for one thread; the caller closes it. */
    public ClipSession newSession() {
        return newSession(SessionOptions.defaults());
    }

    /** A session for one thread; the caller closes it. Its workspace is allocated at its first use, per tower. */
    public ClipSession newSession(SessionOptions options) {
        gate.enter();
        try {
            ClipSession session = new ClipSession(this, options);
            synchronized (sessions) {
                sessions.add(session);
            }
            return session;
        } finally {
            gate.exit();
        }
    }

    void forget(ClipSession session) {
        synchronized (sessions) {
            sessions.remove(session);
        }
    }

    /** Embeds an image; unit length. Any thread; waits while all pooled sessions are busy. */
    public float[] embed(Image image) {
        return borrow(session -> session.embed(image));
    }

    /** Embeds a text; unit length. Any thread; waits while all pooled sessions are busy. */
    public float[] embed(String text) {
        return borrow(session -> session.embed(text));
    }

    /**
     * Runs something on a pooled session. Any thread; waits while all of them are busy. A call that has begun is finished
     * even when another thread closes the model meanwhile.
     *
     * @param use neither keeps nor closes the session, and does not close the model
     */
    public <T> T borrow(Function<ClipSession, T> use) {
        gate.enter();
        try {
            ClipSession session = takeSession();
            session.use().lendTo(Thread.currentThread());
            try {
                return use.apply(session);
            } finally {
                session.abandonStarted();
                session.use().lendTo(null);
                pool.add(session);
            }
        } finally {
            gate.exit();
        }
    }

    private ClipSession takeSession() {
        try {
            return pool.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while waiting for a session of " + name(), e);
        }
    }

    CallGate gate() {
        return gate;
    }

    ImageTower imageTower() {
        return require(imageTower, Tower.IMAGE);
    }

    TextTower textTower() {
        return require(textTower, Tower.TEXT);
    }

    private <T> T require(T tower, Tower which) {
        if (tower == null) {
            throw new IllegalStateException("the " + which.name().toLowerCase(Locale.ROOT)
                    + " tower was not loaded: file=" + name() + " towers=" + towers);
        }
        return tower;
    }

    /**
     * Waits for calls in flight, then frees everything, sessions included. Harmless when repeated.
     *
     * @throws IllegalStateException when called within {@link #borrow}, which would wait for itself
     */
    @Override
    public void close() {
        requireNotBorrowing();
        if (!gate.close()) {
            return;
        }
        try {
            freeSessions();
        } finally {
            arena.close();
            backend.close();
            file.close();
        }
    }

    private void requireNotBorrowing() {
        synchronized (sessions) {
            for (ClipSession session : sessions) {
                if (session.use().borrower() == Thread.currentThread()) {
                    throw new IllegalStateException("a model cannot be closed by a call that it is to wait for; close"
                            + " it after borrow has returned");
                }
            }
        }
    }

    private void freeSessions() {
        List<ClipSession> open;
        synchronized (sessions) {
            open = List.copyOf(sessions);
        }
        open.forEach(ClipSession::free);
    }
}
