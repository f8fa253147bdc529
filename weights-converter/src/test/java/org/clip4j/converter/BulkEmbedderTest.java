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
