package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.sun.management.ThreadMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Scanner;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Text;
import org.clip4j.clip.Tower;
import org.clip4j.clip.ZeroShotClassifier;
import org.clip4j.similarity.Similarity;
import org.clip4j.testing.Goldens;
import org.clip4j.weights.ModelFile;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Life cycle, threads, memory and argument checks of the public face, on a tiny model of the goldens. */
class ClipModelTest {
    private static final int PIXELS = 3 * 32 * 32;
    /** Texts that have their start in common, and the last the whole of the second. */
    private static final int[] IDS = {998, 320, 539, 999, 998, 999, 998, 530, 999, 998, 999};
    private static final int[] OFFSETS = {0, 4, 6, 9, 11};

    @TempDir
    private Path folder;
    private Path file;
    private FloatBuffer pixels;

    @BeforeEach
    void convert() throws IOException {
        file = folder.resolve("model.safetensors");
        Path vocab = Goldens.copy("tiny/bpe_reduced_1000.txt.gz", folder);
        Converter.convert(Goldens.copy("tiny/openai_jit_vit.pt", folder), file,
                new ConvertOptions(Optional.of(vocab), Optional.empty(), Optional.empty()), ProgressListener.NONE);
        pixels = GoldenEmbeddings.newBuffer(20 * PIXELS);
        for (int i = 0; i < 20; i++) {
            InputGenerator.image("seed", "test", 32, i, pixels.slice(i * PIXELS, PIXELS));
        }
    }

    @Test
    void batchesLargerThanTheWorkspaceGiveTheSameRows() throws IOException {
        try (ClipModel model = ClipModel.load(file);
                ClipSession small = model.newSession(new SessionOptions(3, 1));
                ClipSession large = model.newSession(new SessionOptions(20, 16))) {
            float[] inPieces = new float[20 * 32];
            float[] atOnce = new float[20 * 32];
            small.embedPixels(pixels, 0, 20, EmbeddingForm.RAW, FloatBuffer.wrap(inPieces), 0);
            large.embedPixels(pixels, 0, 20, EmbeddingForm.RAW, FloatBuffer.wrap(atOnce), 0);
            assertThat(inPieces).containsExactly(atOnce, within(1e-5f));
            float[] texts = new float[3 * 32];
            float[] together = new float[3 * 32];
            small.embedTokens(IDS, OFFSETS, 3, EmbeddingForm.RAW, FloatBuffer.wrap(texts), 0);
            large.embedTokens(IDS, OFFSETS, 3, EmbeddingForm.RAW, FloatBuffer.wrap(together), 0);
            assertThat(texts).containsExactly(together, within(1e-5f));
        }
    }

    @Test
    void normalizedEmbeddingsHaveUnitLengthAndTheDirectionOfRawOnes() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            float[] raw = new float[32];
            float[] normalized = new float[32];
            session.embedTexts(List.of(Text.of("the cat")), EmbeddingForm.RAW, FloatBuffer.wrap(raw), 0);
            session.embedTexts(List.of(Text.of("the cat")), EmbeddingForm.NORMALIZED, FloatBuffer.wrap(normalized), 0);
            assertThat(Similarity.normalize(raw)).containsExactly(normalized, within(1e-6f));
            assertThat(session.embed("the cat")).containsExactly(normalized);
            assertThat(model.embed("the cat")).containsExactly(normalized);
        }
    }

    @Test
    void aModelInMemoryGivesTheSameEmbeddingsAsTheMappedFile() throws IOException {
        byte[] content = Files.readAllBytes(file);
        ModelFile inMemory = ModelFile.read(ByteBuffer.allocateDirect(content.length).put(content).flip(), "resource");
        try (ClipModel mapped = ClipModel.load(file);
                ClipModel model = ClipModel.load(inMemory, LoadOptions.defaults());
                ClipSession expected = mapped.newSession();
                ClipSession session = model.newSession()) {
            float[] images = new float[2 * 32];
            float[] same = new float[2 * 32];
            expected.embedPixels(pixels, 0, 2, EmbeddingForm.RAW, FloatBuffer.wrap(images), 0);
            session.embedPixels(pixels, 0, 2, EmbeddingForm.RAW, FloatBuffer.wrap(same), 0);
            assertThat(same).containsExactly(images);
            assertThat(session.embed("the cat")).containsExactly(expected.embed("the cat"));
            assertThat(model.name()).isEqualTo("resource");
        }
        assertThatThrownBy(() -> inMemory.tensor("visual.proj")).as("closed with the model")
                .isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aModelFileIsClosedWhenLoadingFails() throws IOException {
        ModelFile opened = ModelFile.open(file);
        assertThatThrownBy(() -> ClipModel.load(opened, LoadOptions.defaults().withBackend("none")))
                .isInstanceOf(RuntimeException.class);
        assertThatThrownBy(() -> opened.tensor("visual.proj")).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void whatFollowsTheEndTokenDoesNotCount() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            float[] out = new float[2 * 32];
            session.embedTexts(List.of(Text.tokens(998, 320, 999), Text.tokens(998, 320, 999, 5, 6, 7)),
                    EmbeddingForm.RAW, FloatBuffer.wrap(out), 0);
            for (int i = 0; i < 32; i++) {
                assertThat(out[i]).isEqualTo(out[32 + i]);
            }
        }
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
        session.embedTokens(IDS, OFFSETS, 4, EmbeddingForm.NORMALIZED, out, 0);
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
    void refusesAScaleThatIsNoNumber() throws IOException {
        for (float stored : new float[]{Float.NaN, Float.POSITIVE_INFINITY, 1000, -1000}) {
            Path bad = folder.resolve("scale" + stored);
            Files.write(bad, withLogitScale(Files.readAllBytes(file), stored));
            assertThatThrownBy(() -> ClipModel.load(bad)).isInstanceOf(IOException.class)
                    .hasMessageContaining("logit_scale").hasMessageContaining(bad.toString());
        }
    }

    private static byte[] withLogitScale(byte[] model, float stored) {
        ByteBuffer bytes = ByteBuffer.wrap(model).order(ByteOrder.LITTLE_ENDIAN);
        int headerBytes = (int) bytes.getLong(0);
        String header = new String(model, 8, headerBytes, StandardCharsets.UTF_8);
        Matcher offsets = Pattern.compile("\"logit_scale\":\\{[^}]*\"data_offsets\":\\[(\\d+),").matcher(header);
        assertThat(offsets.find()).isTrue();
        bytes.putFloat(8 + headerBytes + Integer.parseInt(offsets.group(1)), stored);
        return model;
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
    void towersLoadSeparately() throws IOException {
        try (ClipModel model = ClipModel.load(file, LoadOptions.defaults().withTowers(Tower.IMAGE));
                ClipSession session = model.newSession()) {
            FloatBuffer out = GoldenEmbeddings.newBuffer(32);
            session.embedPixels(pixels, 0, 1, EmbeddingForm.NORMALIZED, out, 0);
            assertThatThrownBy(() -> session.embed("cat")).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("text tower was not loaded");
        }
    }

    @Test
    void refusesPixelsThatAreNotFinite() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            FloatBuffer out = GoldenEmbeddings.newBuffer(2 * 32);
            for (float value : new float[]{Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
                pixels.put(PIXELS + 7, value);
                assertThatThrownBy(() -> session.embedPixels(pixels, 0, 2, EmbeddingForm.RAW, out, 0))
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage("pixels must be finite: image=1 index=7 value=" + value);
            }
        }
    }

    @Test
    void refusesTokensThatTheModelCannotTake() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            FloatBuffer out = GoldenEmbeddings.newBuffer(32);
            assertThatThrownBy(() -> session.embedTokens(new int[]{998, 1000}, new int[]{0, 2}, 1, EmbeddingForm.RAW,
                    out, 0)).hasMessageContaining("id=1000 vocabSize=1000");
            assertThatThrownBy(() -> session.embedTokens(new int[]{-1}, new int[]{0, 1}, 1, EmbeddingForm.RAW, out, 0))
                    .hasMessageContaining("id=-1");
            assertThatThrownBy(() -> session.embedTokens(new int[17], new int[]{0, 17}, 1, EmbeddingForm.RAW, out, 0))
                    .hasMessageContaining("tokens=17 contextLength=16");
            assertThatThrownBy(() -> session.embedTokens(new int[0], new int[]{0, 0}, 1, EmbeddingForm.RAW, out, 0))
                    .hasMessageContaining("tokens=0");
            assertThatThrownBy(() -> session.embedTokens(new int[2], new int[]{0, 5}, 1, EmbeddingForm.RAW, out, 0))
                    .hasMessageContaining("offset=5 ids=2");
            FloatBuffer tooSmall = GoldenEmbeddings.newBuffer(31);
            assertThatThrownBy(
                    () -> session.embedTokens(new int[1], new int[]{0, 1}, 1, EmbeddingForm.RAW, tooSmall, 0))
                    .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("needed=32 limit=31");
        }
    }

    @Test
    void ensemblesTemplatesByNormalisedMean() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            ZeroShotClassifier classifier = ZeroShotClassifier.build(session, List.of("cat", "man", "house"),
                    List.of("a photo of the {}", "the {}"));
            float[] first = session.embed("a photo of the man");
            float[] second = session.embed("the man");
            float[] mean = new float[32];
            for (int i = 0; i < 32; i++) {
                mean[i] = (first[i] + second[i]) / 2;
            }
            assertThat(classifier.labelEmbedding(1)).containsExactly(Similarity.normalize(mean), within(1e-6f));
            List<ZeroShotClassifier.Result> results = classifier.classify(mean);
            assertThat(results.get(0).label()).isEqualTo("man");
            assertThat(results.stream().mapToDouble(ZeroShotClassifier.Result::probability).sum()).isCloseTo(1,
                    within(1e-9));
            assertThat(results.get(0).logit()).isCloseTo(model.logitScale(), within(1e-3));
        }
    }

    @Test
    void refusesTemplatesWithoutPlaceholder() throws IOException {
        try (ClipModel model = ClipModel.load(file); ClipSession session = model.newSession()) {
            assertThatThrownBy(() -> ZeroShotClassifier.build(session, List.of("cat"), List.of("a photo")))
                    .hasMessageContaining("template='a photo'");
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
