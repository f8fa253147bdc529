package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.clip4j.clip.BulkEmbedder;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Embedding without waiting, in one session and in several. */
class BulkEmbedderTest {
    private static final int IMAGES = 23;

    @TempDir
    private Path folder;

    static Stream<String> backends() {
        return Stream.of("cpu/java", "cuda/cuda");
    }

    private ClipModel model(String backend) throws IOException {
        Path file = folder.resolve("model.clip");
        if (!file.toFile().exists()) {
            Converter.convert(Goldens.copy("tiny/hf_vit_f32", folder), file,
                    new ConvertOptions(Optional.empty(), Optional.empty(), Optional.empty()), ProgressListener.NONE);
        }
        return ClipModel.load(file, TestDevices.options(backend));
    }

    private static FloatBuffer pixels(ClipModel model, int images) {
        FloatBuffer pixels = GoldenEmbeddings
                .newBuffer(images * 3 * model.imageResolution() * model.imageResolution());
        Random random = new Random(5);
        for (int i = 0; i < pixels.capacity(); i++) {
            pixels.put(i, (float) random.nextGaussian());
        }
        return pixels;
    }

    private static float[] oneByOne(ClipModel model, FloatBuffer pixels) {
        int size = pixels.capacity() / IMAGES;
        float[] all = new float[IMAGES * model.embedDim()];
        try (ClipSession session = model.newSession()) {
            for (int i = 0; i < IMAGES; i++) {
                session.embedPixels(pixels, i * size, 1, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(all),
                        i * model.embedDim());
            }
        }
        return all;
    }

    @ParameterizedTest
    @MethodSource("backends")
    void deliversInTheOrderOfTheInput(String backend) throws IOException {
        try (ClipModel model = model(backend); ClipModel second = model(backend)) {
            FloatBuffer pixels = pixels(model, IMAGES);
            float[] expected = oneByOne(model, pixels);
            try (BulkEmbedder bulk = new BulkEmbedder(List.of(model, second), 2, 3)) {
                for (int images : new int[]{0, 1, 3, 4, IMAGES}) {
                    float[] all = new float[IMAGES * model.embedDim()];
                    bulk.embedPixels(pixels, 0, images, FloatBuffer.wrap(all), 0);
                    for (int i = 0; i < all.length; i++) {
                        float wanted = i < images * model.embedDim() ? expected[i] : 0;
                        assertThat(all[i]).as("images=%d index=%d", images, i).isCloseTo(wanted,
                                org.assertj.core.data.Offset.offset(1e-5f));
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aFailureLeavesTheSessionsUsable(String backend) throws IOException {
        try (ClipModel model = model(backend); BulkEmbedder bulk = new BulkEmbedder(List.of(model), 2, 2)) {
            FloatBuffer pixels = pixels(model, IMAGES);
            float[] expected = oneByOne(model, pixels);
            float good = pixels.get(5000);
            pixels.put(5000, Float.NaN);
            float[] all = new float[IMAGES * model.embedDim()];
            assertThatThrownBy(() -> bulk.embedPixels(pixels, 0, IMAGES, FloatBuffer.wrap(all), 0))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("finite");
            pixels.put(5000, good);
            bulk.embedPixels(pixels, 0, IMAGES, FloatBuffer.wrap(all), 0);
            assertThat(all[all.length - 1]).isCloseTo(expected[all.length - 1],
                    org.assertj.core.data.Offset.offset(1e-5f));
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void oneThingAtATime(String backend) throws IOException {
        try (ClipModel model = model(backend); ClipSession session = model.newSession(new SessionOptions(2, 1))) {
            FloatBuffer pixels = pixels(model, 3);
            FloatBuffer out = FloatBuffer.allocate(3 * model.embedDim());
            assertThat(session.isFinished()).isTrue();
            assertThat(session.finish(out, 0)).isZero();
            assertThatThrownBy(() -> session.startPixels(pixels, 0, 3)).hasMessageContaining("maxImages=2");
            session.startPixels(pixels, 0, 2);
            assertThatThrownBy(() -> session.startPixels(pixels, 0, 1)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("images=2").hasMessageContaining("finish");
            while (!session.isFinished()) {
                Thread.onSpinWait();
            }
            assertThat(session.finish(out, 0)).isEqualTo(2);
            assertThat(session.finish(out, 0)).isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void callsAHandlerOncePerStart(String backend) throws IOException, InterruptedException {
        try (ClipModel model = model(backend); ClipSession session = model.newSession(new SessionOptions(2, 1))) {
            FloatBuffer pixels = pixels(model, 2);
            Semaphore done = new Semaphore(0);
            session.onFinished(done::release);
            assertThatThrownBy(() -> session.onFinished(done::release)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("already");
            float[] expected = new float[2 * model.embedDim()];
            session.embedPixels(pixels, 0, 2, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(expected), 0);
            assertThat(done.availablePermits()).isZero();
            float[] actual = new float[expected.length];
            for (int call = 0; call < 50; call++) {
                session.startPixels(pixels, 0, 2);
                while (!done.tryAcquire()) {
                    session.isFinished(); // the emulator's streams work when they are asked
                }
                // Another thread may finish: whoever is told finds the session free.
                CompletableFuture.runAsync(() -> session.finish(FloatBuffer.wrap(actual), 0)).join();
                assertThat(actual).isEqualTo(expected);
                assertThat(done.availablePermits()).isZero();
            }
            assertThatThrownBy(() -> session.startPixels(pixels, 0, 3)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThat(done.tryAcquire(10, TimeUnit.MILLISECONDS)).isFalse();
            model.borrow(borrowed -> {
                assertThatThrownBy(() -> borrowed.onFinished(done::release)).hasMessageContaining("borrowed");
                return null;
            });
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void handlersAllocateNothing(String backend) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        AtomicInteger calls = new AtomicInteger();
        AtomicLong handlerThread = new AtomicLong();
        long caller = Thread.currentThread().getId();
        AtomicInteger handlerThreads = new AtomicInteger();
        try (ClipModel model = model(backend); ClipSession session = model.newSession(new SessionOptions(2, 1))) {
            session.onFinished(() -> {
                calls.incrementAndGet();
                long id = Thread.currentThread().getId();
                if (id != caller && handlerThread.getAndSet(id) != id) {
                    handlerThreads.incrementAndGet();
                }
            });
            FloatBuffer pixels = session.pixelBuffer();
            FloatBuffer out = GoldenEmbeddings.newBuffer(2 * model.embedDim());
            long bytes = -1;
            int rounds = 0;
            for (; rounds < 10 && bytes != 0; rounds++) {
                long before = threads.getCurrentThreadAllocatedBytes() + allocatedBy(threads, handlerThread.get());
                for (int i = 0; i < 200; i++) {
                    session.startPixels(pixels, 0, 2);
                    session.finish(out, 0);
                }
                bytes = threads.getCurrentThreadAllocatedBytes() + allocatedBy(threads, handlerThread.get()) - before;
            }
            assertThat(calls.get()).isEqualTo(200 * rounds);
            assertThat(handlerThreads.get()).as("threads of the driver's that called it").isLessThan(2);
            assertThat(bytes).isZero();
        }
    }

    /** What a thread has allocated; nothing for none. */
    private static long allocatedBy(ThreadMXBean threads, long id) {
        return id == 0 ? 0 : threads.getThreadAllocatedBytes(id);
    }

    @ParameterizedTest
    @MethodSource("backends")
    void aHandlerThatFailsEndsNothing(String backend) throws IOException {
        try (ClipModel model = model(backend); ClipSession session = model.newSession(new SessionOptions(2, 1))) {
            FloatBuffer pixels = pixels(model, 2);
            float[] expected = new float[2 * model.embedDim()];
            session.embedPixels(pixels, 0, 2, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(expected), 0);
            session.onFinished(() -> {
                throw new IllegalStateException("a handler of a test that fails");
            });
            try {
                session.startPixels(pixels, 0, 2);
            } catch (IllegalStateException e) {
                assertThat(e).hasMessageContaining("of a test"); // where the caller's own thread runs it
            }
            float[] actual = new float[expected.length];
            session.finish(FloatBuffer.wrap(actual), 0);
            assertThat(actual).isEqualTo(expected);
        }
    }

    @ParameterizedTest
    @MethodSource("backends")
    void allocatesNothing(String backend) throws IOException {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (ClipModel model = model(backend); ClipSession session = model.newSession(new SessionOptions(2, 1))) {
            FloatBuffer pixels = session.pixelBuffer();
            FloatBuffer out = GoldenEmbeddings.newBuffer(2 * model.embedDim());
            long bytes = -1;
            for (int round = 0; round < 10 && bytes != 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 200; i++) {
                    session.startPixels(pixels, 0, 2);
                    session.finish(out, 0);
                }
                bytes = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(bytes).isZero();
        }
    }
}
