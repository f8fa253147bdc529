package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Life cycle, threads and memory of models and sessions, on a tiny model of the goldens. */
class ClipModelLifeTest {
    @TempDir
    private Path folder;
    private Path file;
    private final FloatBuffer pixels = TinyModel.images(20);

    @BeforeEach
    void convert() throws IOException {
        file = TinyModel.convert(folder);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2})
    void embeddingIntoTheCallersBufferAllocatesNothing(int threads) throws IOException {
        ThreadMXBean threadBean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (ClipModel model = ClipModel.load(file, LoadOptions.defaults().withThreads(threads));
                ClipSession session = model.newSession()) {
            FloatBuffer out = GoldenEmbeddings.newBuffer(4 * 32);
            for (int i = 0; i < 3_000; i++) {
                embedBoth(session, out);
            }
            long[] workers = Thread.getAllStackTraces().keySet().stream()
                    .filter(thread -> thread.getName().startsWith("clip4j-worker")).mapToLong(Thread::getId).toArray();
            assertThat(workers).hasSize(threads - 1);
            long bytes = Long.MAX_VALUE;
            // The JVM itself may allocate while it compiles or deoptimises: that happens once, garbage every time.
            for (int round = 0; round < 5 && bytes != 0; round++) {
                // Asking for the workers' allocates on this thread, so this thread is asked last before and first after.
                long before = workerBytes(threadBean, workers) + threadBean.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1_000; i++) {
                    embedBoth(session, out);
                }
                bytes = threadBean.getCurrentThreadAllocatedBytes() + workerBytes(threadBean, workers) - before;
            }
            assertThat(bytes).isZero();
        }
    }

    private static long workerBytes(ThreadMXBean threadBean, long[] workers) {
        return LongStream.of(threadBean.getThreadAllocatedBytes(workers)).sum();
    }

    private void embedBoth(ClipSession session, FloatBuffer out) {
        session.embedPixels(pixels, 0, 2, EmbeddingForm.NORMALIZED, out, 0);
        session.embedTokens(TinyModel.IDS, TinyModel.OFFSETS, 4, EmbeddingForm.NORMALIZED, out, 0);
    }

    @Test
    void closingWaitsForCallsInFlight() throws Exception {
        for (int round = 0; round < 10; round++) {
            ClipModel model = ClipModel.load(file);
            CountDownLatch running = new CountDownLatch(2);
            ExecutorService executor = Executors.newFixedThreadPool(2);
            List<Future<?>> callers = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                ClipSession session = model.newSession();
                callers.add(executor.submit(() -> embedUntilClosed(session, running)));
            }
            running.await();
            model.close();
            for (Future<?> caller : callers) {
                caller.get(30, TimeUnit.SECONDS);
            }
            executor.shutdown();
        }
    }

    /** Returns when the session says that it is closed; anything else is a failure of the caller's future. */
    private void embedUntilClosed(ClipSession session, CountDownLatch running) {
        FloatBuffer out = GoldenEmbeddings.newBuffer(20 * 32);
        IllegalStateException closed = null;
        while (closed == null) {
            try {
                session.embedPixels(pixels, 0, 20, EmbeddingForm.RAW, out, 0);
                running.countDown();
            } catch (IllegalStateException e) {
                closed = e;
            }
        }
        assertThat(closed).hasMessageContaining("is closed");
    }

    @Test
    void borrowedCallsThatHaveBegunAreFinished() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(4);
        for (int round = 0; round < 20; round++) {
            ClipModel model = ClipModel.load(file);
            CountDownLatch begun = new CountDownLatch(1);
            Future<float[]> call = executor.submit(() -> model.borrow(session -> {
                begun.countDown();
                session.embed("a cat");
                return session.embed("the house");
            }));
            begun.await();
            model.close();
            assertThat(call.get(30, TimeUnit.SECONDS)).hasSize(32);
        }
        executor.shutdown();
    }

    @Test
    void sessionsAndModelMayBeClosedAtTheSameTime() throws Exception {
        ExecutorService executor = Executors.newFixedThreadPool(2);
        for (int round = 0; round < 50; round++) {
            ClipModel model = ClipModel.load(file);
            List<ClipSession> sessions = List.of(model.newSession(), model.newSession(), model.newSession());
            Future<?> closing = executor.submit(() -> sessions.forEach(ClipSession::close));
            model.close();
            closing.get(30, TimeUnit.SECONDS);
        }
        executor.shutdown();
    }

    @Test
    void refusesToWaitForItself() throws IOException {
        ClipModel model = ClipModel.load(file);
        assertThatThrownBy(() -> model.borrow(session -> {
            model.close();
            return 0;
        })).isInstanceOf(IllegalStateException.class).hasMessageContaining("after borrow");
        assertThatThrownBy(() -> model.borrow(session -> {
            session.close();
            return 0;
        })).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed by its model");
        assertThat(model.embed("a cat")).hasSize(32);
        model.close();
    }

    @Test
    void useAfterCloseIsRefused() throws IOException {
        ClipModel model = ClipModel.load(file);
        ClipSession session = model.newSession();
        ClipSession closedSession = model.newSession();
        closedSession.close();
        closedSession.close();
        assertThatThrownBy(() -> closedSession.embed("cat")).isInstanceOf(IllegalStateException.class)
                .hasMessage("the session is closed");
        model.close();
        model.close();
        assertThatThrownBy(() -> session.embed("cat")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        assertThatThrownBy(() -> model.embed("cat")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        assertThatThrownBy(model::newSession).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("is closed");
        session.close();
    }

    @Test
    void callersQueueForPooledSessions() throws Exception {
        try (ClipModel model = ClipModel.load(file, LoadOptions.defaults().withPooledSessions(2))) {
            float[] expected = model.embed("the man in the house");
            ExecutorService executor = Executors.newFixedThreadPool(8);
            List<Future<float[]>> results = IntStream.range(0, 200)
                    .mapToObj(i -> executor.submit(() -> model.embed("the man in the house"))).toList();
            for (Future<float[]> result : results) {
                assertThat(result.get(60, TimeUnit.SECONDS)).containsExactly(expected);
            }
            executor.shutdown();
        }
    }

    @Test
    @EnabledOnOs(value = OS.LINUX, disabledReason = "reads /proc")
    void loadingAndClosingAThousandTimesDoesNotGrowTheProcess() throws IOException {
        for (int i = 0; i < 100; i++) {
            loadAndUse();
        }
        long before = residentBytes();
        for (int i = 0; i < 1_000; i++) {
            loadAndUse();
        }
        long grown = residentBytes() - before;
        System.out.printf("1,000 loads and closes: resident memory grew by %.1f MB%n", grown / 1e6);
        // A leak of the mapped file alone, 0.7 MB each, would be 700 MB; maps wait for the collector, up to 256 of them.
        assertThat(grown).isLessThan(200L << 20);
    }

    private void loadAndUse() throws IOException {
        try (ClipModel model = ClipModel.load(file, LoadOptions.defaults().withThreads(1));
                ClipSession session = model.newSession(new SessionOptions(1, 1))) {
            session.embedPixels(pixels, 0, 1, EmbeddingForm.RAW, GoldenEmbeddings.newBuffer(32), 0);
        }
    }

    private static long residentBytes() throws IOException {
        // Second value of statm: resident pages of 4 KB.
        try (Scanner scanner = new Scanner(Files.readString(Path.of("/proc/self/statm")))) {
            scanner.nextLong();
            return scanner.nextLong() * 4096;
        }
    }
}
