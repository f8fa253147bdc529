package org.clip4j.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.awt.image.BufferedImage;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import org.clip4j.testing.PreprocessGoldens;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Decoded rows and pictures against a slow oracle written straight from the description of the arithmetic. */
class PreprocessorTest {
    private static final long SEED = 20260107;

    @ParameterizedTest
    @CsvSource({"1,1,1", "1,7,5", "7,1,5", "5,5,5", "5,9,5", "17,13,16", "15,31,17", "100,3,8", "3,100,8", "64,48,224",
            "299,224,224", "297,224,224", "225,225,224", "640,480,97"})
    void matchesTheOracleAtAwkwardSizes(int width, int height, int n) {
        byte[] rgb = new byte[3 * width * height];
        new Random(SEED).nextBytes(rgb);
        byte[] actual = pixels(Image.rgb(ByteBuffer.wrap(rgb), width, height, 3 * width), n);
        assertThat(actual).as("seed=%d", SEED).isEqualTo(ResizeOracle.pixels(rgb, width, height, n));
    }

    @Test
    void stridedBgrEqualsRgb() {
        int width = 61;
        int height = 47;
        byte[] rgb = new byte[3 * width * height];
        new Random(SEED).nextBytes(rgb);
        int stride = 3 * width + 11;
        ByteBuffer bgr = ByteBuffer.allocateDirect(5 + stride * height);
        for (int i = 0; i < width * height; i++) {
            int at = 5 + i / width * stride + i % width * 3;
            bgr.put(at, rgb[3 * i + 2]).put(at + 1, rgb[3 * i + 1]).put(at + 2, rgb[3 * i]);
        }
        bgr.position(5);
        assertThat(pixels(Image.bgr(bgr, width, height, stride), 32))
                .isEqualTo(pixels(Image.rgb(ByteBuffer.wrap(rgb), width, height, 3 * width), 32));
        assertThat(bgr.position()).isEqualTo(5);
    }

    @ParameterizedTest
    @CsvSource({"1", "4", "5"}) // TYPE_INT_RGB, TYPE_INT_BGR, TYPE_3BYTE_BGR
    void picturesOfOpaqueTypesEqualRows(int type) {
        int width = 33;
        int height = 21;
        BufferedImage picture = new BufferedImage(width, height, type);
        byte[] rgb = new byte[3 * width * height];
        new Random(SEED).nextBytes(rgb);
        for (int i = 0; i < width * height; i++) {
            int packed = (rgb[3 * i] & 0xFF) << 16 | (rgb[3 * i + 1] & 0xFF) << 8 | (rgb[3 * i + 2] & 0xFF);
            picture.setRGB(i % width, i / width, packed);
        }
        assertThat(pixels(Image.of(picture), 24))
                .isEqualTo(pixels(Image.rgb(ByteBuffer.wrap(rgb), width, height, 3 * width), 24));
    }

    @Test
    void grayPictureIsTakenAsItIs() {
        BufferedImage picture = new BufferedImage(3, 3, BufferedImage.TYPE_BYTE_GRAY);
        byte[] rgb = new byte[27];
        for (int i = 0; i < 9; i++) {
            picture.getRaster().setSample(i % 3, i / 3, 0, 25 * i);
            rgb[3 * i] = rgb[3 * i + 1] = rgb[3 * i + 2] = (byte) (25 * i);
        }
        assertThat(pixels(Image.of(picture), 8)).isEqualTo(pixels(Image.rgb(ByteBuffer.wrap(rgb), 3, 3, 9), 8));
    }

    @Test
    void palettePictureIsResizedByNearestNeighbour() {
        BufferedImage picture = new BufferedImage(2, 2, BufferedImage.TYPE_BYTE_BINARY);
        picture.setRGB(0, 0, 0xFFFFFF);
        assertThat(pixels(Image.of(picture), 4)).containsOnly((byte) 0, (byte) 255);
    }

    @Test
    void writesOnlyBetweenItsBounds() {
        byte[] rgb = new byte[3 * 9 * 9];
        FloatBuffer tensor = FloatBuffer.allocate(3 * 16 + 10);
        for (int i = 0; i < tensor.capacity(); i++) {
            tensor.put(i, 1234f);
        }
        ByteBuffer bytes = ByteBuffer.allocate(3 * 16 + 10);
        bytes.put(4, (byte) 77).put(53, (byte) 77);
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(4))) {
            Image image = Image.rgb(ByteBuffer.wrap(rgb), 9, 9, 27);
            preprocessor.tensor(image, tensor, 5);
            preprocessor.pixels(image, bytes, 5);
            assertThatThrownBy(() -> preprocessor.tensor(image, tensor, 11))
                    .isInstanceOf(IndexOutOfBoundsException.class).hasMessageContaining("offset=11 length=48 limit=58");
        }
        assertThat(tensor.get(4)).isEqualTo(1234f);
        assertThat(tensor.get(53)).isEqualTo(1234f);
        assertThat(tensor.get(5)).isEqualTo((0f - 0.48145466f) / 0.26862954f);
        assertThat(bytes.get(4)).isEqualTo((byte) 77);
        assertThat(bytes.get(53)).isEqualTo((byte) 77);
    }

    @Test
    void refusesMisshapenRows() {
        ByteBuffer rows = ByteBuffer.allocate(100);
        assertThatThrownBy(() -> Image.rgb(rows, 0, 3, 9)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> Image.rgb(rows, 5, 5, 14)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("strideBytes=14 expected>=15");
        assertThatThrownBy(() -> Image.bgr(rows, 10, 10, 30)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("expected>=300 remaining=100");
        assertThatThrownBy(() -> PreprocessConfig.clip(0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void theHeapSeesNoImage() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        byte[] encoded = PreprocessGoldens.cases().get("jpeg_huge_4000x3000.jpg").bytes();
        ImageDecoder decoder = ImageDecoder.of(List.of(), ImageLimits.DEFAULT);
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(224), decoder)) {
            long before = threads.getCurrentThreadAllocatedBytes();
            preprocessor.pixels(Image.of(encoded), ByteBuffer.allocate(3 * 224 * 224), 0);
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(4 << 20); // its pixels: 36 MB
        }
    }

    @Test
    void allocatesNothingForRowsOfTheSameSize() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Image image = Image.rgb(ByteBuffer.allocateDirect(3 * 50 * 40), 50, 40, 150);
        FloatBuffer tensor = ByteBuffer.allocateDirect(12 * 32 * 32).asFloatBuffer();
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(32))) {
            for (int i = 0; i < 2000; i++) {
                preprocessor.tensor(image, tensor, 0);
            }
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int i = 0; i < 1000; i++) {
                preprocessor.tensor(image, tensor, 0);
            }
            assertThat(threads.getCurrentThreadAllocatedBytes() - before).isLessThan(1000);
        }
    }

    private static byte[] pixels(Image image, int n) {
        byte[] pixels = new byte[3 * n * n];
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(n))) {
            preprocessor.pixels(image, ByteBuffer.wrap(pixels), 0);
        }
        return pixels;
    }
}
