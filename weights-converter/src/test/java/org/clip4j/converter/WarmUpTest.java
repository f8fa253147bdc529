package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Tower;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** What a session does in its first calls, with and without a warm-up, on a tiny model of the goldens. */
class WarmUpTest {
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    private static final int IMAGES = 3;

    @TempDir
    private Path folder;
    private Path file;
    private final FloatBuffer pixels = TinyModel.images(IMAGES);

    @BeforeEach
    void convert() throws IOException {
        file = TinyModel.convert(folder);
    }

    private void embedAll(ClipSession session, FloatBuffer out) {
        session.embedPixels(pixels, 0, IMAGES, EmbeddingForm.NORMALIZED, out, 0);
        session.embedTokens(TinyModel.IDS, TinyModel.OFFSETS, 3, EmbeddingForm.NORMALIZED, out, IMAGES * 32);
    }

    /** What the first calls of a new session allocate, in bytes. */
    private long firstCalls(ClipModel model, boolean warm, FloatBuffer out) {
        try (ClipSession session = model.newSession(new SessionOptions(IMAGES, 2))) {
            if (warm) {
                session.warmUp();
            }
            long before = THREADS.getCurrentThreadAllocatedBytes();
            embedAll(session, out);
            return THREADS.getCurrentThreadAllocatedBytes() - before;
        }
    }

    @ParameterizedTest
    @CsvSource({"java,1", "java,2", "openblas,1", "openblas,2"})
    void theFirstCallsAllocateNothing(String backend, int threads) throws IOException {
        FloatBuffer out = GoldenEmbeddings.newBuffer(2 * IMAGES * 32);
        try (ClipModel model = ClipModel.load(file,
                LoadOptions.defaults().withBackend(backend).withThreads(threads))) {
            long bytes = Long.MAX_VALUE;
            // The JVM itself allocates a method's texts when it begins to compile it: once, a workspace would be every time.
            for (int round = 0; round < 20 && bytes != 0; round++) {
                bytes = firstCalls(model, true, out);
            }
            assertThat(bytes).isZero();
            assertThat(firstCalls(model, false, out)).as("without a warm-up").isPositive();
        }
    }

    @Test
    void resultsAreTheSame() throws IOException {
        float[] cold = new float[2 * IMAGES * 32];
        float[] warm = new float[2 * IMAGES * 32];
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            embedAll(session, FloatBuffer.wrap(cold));
            session.warmUp();
            embedAll(session, FloatBuffer.wrap(warm));
        }
        assertThat(warm).isEqualTo(cold);
    }

    @ParameterizedTest
    @EnumSource(Tower.class)
    void oneTowerIsEnough(Tower tower) throws IOException {
        LoadOptions options = LoadOptions.defaults().withTowers(tower).withPooledSessions(2);
        try (ClipModel model = ClipModel.load(file, options);
                ClipSession session = model.newSession(new SessionOptions(1, 1))) {
            assertThatCode(session::warmUp).doesNotThrowAnyException();
            assertThatCode(session::warmUp).as("once more").doesNotThrowAnyException();
            model.borrow(pooled -> {
                pooled.warmUp();
                return null;
            });
        }
    }
}
