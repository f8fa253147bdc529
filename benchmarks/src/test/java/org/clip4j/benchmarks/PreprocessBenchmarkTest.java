package org.clip4j.benchmarks;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.nio.FloatBuffer;
import javax.imageio.ImageIO;
import org.clip4j.image.Image;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.junit.jupiter.api.Test;

class PreprocessBenchmarkTest {
    private static final int RESOLUTION = 64;

    private static BufferedImage picture(int width, int height) throws Exception {
        return ImageIO.read(new ByteArrayInputStream(GeneratedPhoto.jpeg(width, height)));
    }

    private static FloatBuffer preprocessed(BufferedImage picture) {
        FloatBuffer tensor = FloatBuffer.allocate(3 * RESOLUTION * RESOLUTION);
        new Preprocessor(PreprocessConfig.clip(RESOLUTION)).tensor(Image.rgb(GeneratedPhoto.rgb(picture),
                picture.getWidth(), picture.getHeight(), 3 * picture.getWidth()), tensor, 0);
        return tensor;
    }

    @Test
    void oracleAcceptsThePreprocessor() throws Exception {
        for (int[] size : new int[][]{{160, 120}, {120, 161}, {333, 97}, {64, 64}}) {
            BufferedImage picture = picture(size[0], size[1]);
            ResizeOracle.check("test", picture, preprocessed(picture), RESOLUTION);
        }
    }

    @Test
    void oracleRefusesSwappedChannelsAndShiftedCrops() throws Exception {
        BufferedImage picture = picture(200, 160);
        FloatBuffer tensor = preprocessed(picture);
        FloatBuffer shifted = FloatBuffer.allocate(tensor.capacity());
        FloatBuffer swapped = FloatBuffer.allocate(tensor.capacity());
        int plane = RESOLUTION * RESOLUTION;
        for (int i = 0; i < tensor.capacity(); i++) {
            shifted.put(i, tensor.get(Math.min(i + 1, tensor.capacity() - 1)));
            swapped.put(i, tensor.get((i + plane) % tensor.capacity()));
        }
        assertThatThrownBy(() -> ResizeOracle.check("test", picture, shifted, RESOLUTION))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("wrong answer");
        assertThatThrownBy(() -> ResizeOracle.check("test", picture, swapped, RESOLUTION))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("wrong answer");
    }
}
