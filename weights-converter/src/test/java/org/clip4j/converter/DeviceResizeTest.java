package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.image.Image;
import org.clip4j.image.ImageFormatException;
import org.clip4j.testing.Goldens;
import org.clip4j.testing.PreprocessGoldens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Images that a device resizes have the embeddings of those that the host resizes, to the bit. */
class DeviceResizeTest {
    private static final SessionOptions ON_HOST = new SessionOptions(5, 1);

    @TempDir
    private Path folder;

    private ClipModel model(String backend) throws IOException {
        Path file = folder.resolve("model.clip");
        Converter.convert(Goldens.copy("tiny/hf_vit_f32", folder), file,
                new ConvertOptions(Optional.empty(), Optional.empty(), Optional.empty()), ProgressListener.NONE);
        return ClipModel.load(file, TestDevices.options(backend));
    }

    /** Of every mode that files have, and pixels of several sizes. */
    private static List<Image> images() {
        List<Image> images = new ArrayList<>();
        PreprocessGoldens.cases().values().stream().filter(c -> !c.refused() && !c.format().equals("WEBP"))
                .forEach(c -> images.add(Image.of(c.bytes())));
        Random random = new Random(3);
        for (int[] size : new int[][]{{1, 1}, {40, 30}, {700, 31}, {30, 30}}) {
            byte[] bytes = new byte[3 * size[0] * size[1]];
            random.nextBytes(bytes);
            images.add(Image.rgb(ByteBuffer.wrap(bytes), size[0], size[1], 3 * size[0]));
        }
        return images;
    }

    @Test
    void givesTheSameEmbeddings() throws IOException {
        List<Image> images = images();
        try (ClipModel model = model("cuda/cuda");
                ClipSession onHost = model.newSession(ON_HOST);
                ClipSession onDevice = model.newSession(ON_HOST.withResizeOnDevice(true))) {
            float[] expected = new float[images.size() * model.embedDim()];
            float[] actual = new float[expected.length];
            onHost.embedImages(images, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(expected), 0);
            for (int round = 0; round < 2; round++) {
                onDevice.embedImages(images, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(actual), 0);
                assertThat(actual).isEqualTo(expected);
            }
            Image broken = Image.of(new byte[]{1, 2, 3});
            assertThatThrownBy(() -> onDevice.embedImages(List.of(images.get(0), broken), EmbeddingForm.NORMALIZED,
                    FloatBuffer.wrap(actual), 0)).isInstanceOf(ImageFormatException.class);
            onDevice.embedImages(images, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(actual), 0);
            assertThat(actual).isEqualTo(expected);
        }
    }

    @Test
    void aProcessorLeavesItToTheHost() throws IOException {
        try (ClipModel model = model("cpu/java")) {
            assertThatThrownBy(() -> model.newSession(ON_HOST.withResizeOnDevice(true)))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("'java'")
                    .hasMessageContaining("--device cuda");
        }
    }
}
