package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.image.Image;
import org.clip4j.image.ImageFormatException;
import org.clip4j.testing.Goldens;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Images of one pass are prepared by all threads of the session, with the results of one after another. */
class ImageSessionTest {
    private static final int IMAGES = 11;
    private static final int MAX_IMAGES = 4;

    @TempDir
    private Path folder;

    private ClipModel model(int threads) throws IOException {
        Path file = folder.resolve("model.clip");
        Converter.convert(Goldens.copy("tiny/hf_vit_f32", folder), file,
                new ConvertOptions(Optional.empty(), Optional.empty(), Optional.empty()), ProgressListener.NONE);
        return ClipModel.load(file, LoadOptions.defaults().withBackend("java").withThreads(threads));
    }

    /** Large and small ones in turns, so that threads end in another order than they begin. */
    private static List<Image> images() {
        Random random = new Random(6);
        List<Image> images = new ArrayList<>();
        for (int i = 0; i < IMAGES; i++) {
            int width = i % 2 == 0 ? 500 : 20;
            byte[] rows = new byte[3 * width * width];
            random.nextBytes(rows);
            images.add(Image.rgb(ByteBuffer.wrap(rows), width, width, 3 * width));
        }
        return images;
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void embedsImagesAsOneByOne(int threads) throws IOException {
        try (ClipModel model = model(threads);
                ClipSession session = model.newSession(new SessionOptions(MAX_IMAGES, 1))) {
            List<Image> images = images();
            float[] all = new float[IMAGES * model.embedDim()];
            session.embedImages(images, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(all), 0);
            for (int i = 0; i < IMAGES; i++) {
                float[] one = session.embed(images.get(i));
                assertThat(Arrays.copyOfRange(all, i * one.length, (i + 1) * one.length)).as("image %d", i)
                        .containsExactly(one, Offset.offset(1e-5f));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3})
    void namesTheFirstImageThatFailsAndGoesOn(int threads) throws IOException {
        try (ClipModel model = model(threads);
                ClipSession session = model.newSession(new SessionOptions(MAX_IMAGES, 1))) {
            List<Image> images = images();
            images.set(1, Image.of(new byte[0]));
            images.set(3, Image.of(new byte[]{1, 2, 3, 4, 5}));
            float[] out = new float[IMAGES * model.embedDim()];
            for (int round = 0; round < 20; round++) {
                assertThatThrownBy(
                        () -> session.embedImages(images, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(out), 0))
                        .isInstanceOf(ImageFormatException.class).hasMessageContaining("image is empty");
            }
            assertThat(session.embed(images.get(0))).hasSize(model.embedDim());
            session.embedImages(images().subList(0, 4), EmbeddingForm.NORMALIZED, FloatBuffer.wrap(out), 0);
        }
    }
}
