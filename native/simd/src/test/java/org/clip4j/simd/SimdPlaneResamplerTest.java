package org.clip4j.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.CRC32;
import org.clip4j.image.Image;
import org.clip4j.image.ImageDecoder;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.kernels.PixelView;
import org.clip4j.kernels.PlaneResampler;
import org.clip4j.kernels.PlaneResamplerProvider;
import org.clip4j.kernels.ResampleAxis;
import org.clip4j.kernels.ResampleCase;
import org.clip4j.testing.PreprocessGoldens;
import org.clip4j.testing.PreprocessGoldens.Case;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Bit for bit what plain Java gives, and the reference: buffers on the heap are computed in Java, direct ones by the library.
 */
class SimdPlaneResamplerTest {
    private static final long SEED = 20260108;
    private static final int[][] SIZES = {{1, 1, 1}, {1, 1, 5}, {1, 7, 5}, {7, 1, 5}, {5, 5, 5}, {5, 9, 5}, {9, 5, 5},
            {3, 4, 7}, {17, 13, 16}, {15, 31, 17}, {31, 15, 17}, {100, 3, 8}, {3, 100, 8}, {2000, 2, 9}, {2, 2000, 9},
            {64, 48, 224}, {224, 224, 224}, {225, 225, 224}, {299, 224, 224}, {224, 297, 224}, {640, 480, 224},
            {480, 640, 336}, {1021, 769, 97}, {769, 1021, 33}, {4001, 611, 32}, {611, 4001, 31}, {1500, 1200, 1},
            {97, 89, 2}, {1201, 1201, 3}};

    @BeforeEach
    void requireLibrary() {
        BuiltLibrary.require();
    }

    static Stream<Case> readable() {
        return PreprocessGoldens.cases().values().stream().filter(c -> !c.refused() && !c.format().equals("WEBP"));
    }

    @ParameterizedTest
    @MethodSource("readable")
    void tensorsEqualTheReferenceAtEverySize(Case golden) {
        Image image = Image.of(golden.bytes());
        for (int n : PreprocessGoldens.SIZES) {
            try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(n))) {
                ByteBuffer tensor = ByteBuffer.allocateDirect(12 * n * n).order(ByteOrder.nativeOrder());
                preprocessor.tensor(image, tensor.asFloatBuffer(), 0);
                CRC32 crc = new CRC32();
                crc.update(tensor);
                assertThat(crc.getValue()).as("tensor of %s at %d", golden, n).isEqualTo(golden.tensorCrc(n));
            }
        }
    }

    @Test
    void rowsOfRgbAndBgrEqualPlainJava() {
        Random random = new Random(SEED);
        for (int[] size : SIZES) {
            int width = size[0];
            int height = size[1];
            int stride = 3 * width + random.nextInt(5);
            // Ends with the last sample, so that a byte read behind it would lie outside.
            byte[] bytes = new byte[7 + (height - 1) * stride + 3 * width];
            random.nextBytes(bytes);
            ByteBuffer heap = ByteBuffer.wrap(bytes).position(7);
            ByteBuffer direct = direct(bytes).position(7);
            assertThat(tensor(Image.rgb(direct, width, height, stride), size[2], true)).as("rgb %dx%d to %d seed=%d",
                    width, height, size[2], SEED)
                    .isEqualTo(tensor(Image.rgb(heap, width, height, stride), size[2], false));
            assertThat(tensor(Image.bgr(direct, width, height, stride), size[2], true)).as("bgr %dx%d to %d seed=%d",
                    width, height, size[2], SEED)
                    .isEqualTo(tensor(Image.bgr(heap, width, height, stride), size[2], false));
        }
    }

    /** Pixels at every stride, in every instruction set, of every level of gray and of black and white. */
    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void everyInstructionSetEqualsAPlainLoop(InstructionSet set) {
        long kernels = SimdLibrary.kernels(set.level());
        float[] levels = ResampleCase.levels();
        for (int n : ResampleCase.sizes()) {
            try (PlaneResampler resampler = new SimdPlaneResampler(kernels, n, levels)) {
                ResampleCase.all(SEED, n).forEach(resample -> check(resampler, resample, levels));
            }
        }
    }

    private static void check(PlaneResampler resampler, ResampleCase resample, float[] levels) {
        int n = resample.size();
        int guard = 3;
        FloatBuffer planes = floats(3 * n * n + 2 * guard);
        for (int i = 0; i < planes.capacity(); i++) {
            planes.put(i, 1234);
        }
        assertThat(resampler.accepts(resample.pixels(), planes)).isTrue();
        resampler.resample(resample.pixels(), resample.columns(), resample.rows(), planes, guard);
        float[] actual = new float[3 * n * n];
        planes.get(guard, actual);
        resample.check(levels, actual);
        for (int i = 0; i < guard; i++) {
            assertThat(planes.get(i)).isEqualTo(1234);
            assertThat(planes.get(planes.capacity() - 1 - i)).isEqualTo(1234);
        }
    }

    @Test
    void refusesWhatItCannotReach() {
        ResampleAxis axis = ResampleAxis.identity(0, 4);
        try (PlaneResampler resampler = new SimdPlaneResampler(SimdBackendProvider.kernels(), 4,
                ResampleCase.levels())) {
            PixelView heap = new PixelView(ByteBuffer.allocate(48), 0, 12, 3, 0, 0, 4, 4, 0, 1, 2);
            PixelView small = new PixelView(direct(new byte[36]), 0, 12, 3, 0, 0, 4, 3, 0, 1, 2);
            PixelView pixels = new PixelView(direct(new byte[48]), 0, 12, 3, 0, 0, 4, 4, 0, 1, 2);
            assertThat(resampler.accepts(heap, floats(48))).isFalse();
            assertThat(resampler.accepts(pixels, FloatBuffer.allocate(48))).isFalse();
            assertThatThrownBy(() -> resampler.resample(small, axis, axis, floats(48), 0))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("rows=0..4");
            assertThatThrownBy(() -> resampler.resample(pixels, axis, axis, floats(48), 1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            ResampleAxis longer = ResampleAxis.identity(0, 5);
            assertThatThrownBy(() -> resampler.resample(pixels, longer, axis, floats(48), 0))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("outputs=5x4");
        }
    }

    @Test
    void isFoundByTheRuntimeAndAllocatesNothing() {
        Optional<PlaneResampler> found = PlaneResamplerProvider.openFastest(32, ResampleCase.levels());
        found.ifPresent(PlaneResampler::close);
        assertThat(found).isPresent();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Image image = Image.rgb(ByteBuffer.allocateDirect(3 * 50 * 40), 50, 40, 150);
        FloatBuffer tensor = floats(3 * 32 * 32);
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(32))) {
            long bytes = 1;
            // The compiler may allocate on this thread once; what is allocated always is seen every time.
            for (int round = 0; round < 5 && bytes > 0; round++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1000; i++) {
                    preprocessor.tensor(image, tensor, 0);
                }
                bytes = threads.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(bytes).isZero();
        }
    }

    private static float[] tensor(Image image, int n, boolean direct) {
        FloatBuffer tensor = direct ? floats(3 * n * n) : FloatBuffer.allocate(3 * n * n);
        try (Preprocessor preprocessor = new Preprocessor(PreprocessConfig.clip(n), ImageDecoder.create())) {
            preprocessor.tensor(image, tensor, 0);
        }
        float[] values = new float[3 * n * n];
        tensor.get(0, values);
        return values;
    }

    private static ByteBuffer direct(byte[] bytes) {
        return ByteBuffer.allocateDirect(bytes.length).put(bytes).flip();
    }

    private static FloatBuffer floats(int count) {
        return ByteBuffer.allocateDirect(count * Float.BYTES).order(ByteOrder.nativeOrder()).asFloatBuffer();
    }
}
