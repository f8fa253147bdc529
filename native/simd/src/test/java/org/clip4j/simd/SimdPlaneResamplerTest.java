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
        Random random = new Random(SEED);
        long kernels = SimdLibrary.kernels(set.level());
        float[] levels = levels();
        for (int n : new int[]{1, 2, 3, 4, 5, 7, 8, 9, 16, 31, 33}) {
            try (PlaneResampler resampler = new SimdPlaneResampler(kernels, n, levels)) {
                for (int pixelStride : new int[]{1, 3, 4}) {
                    for (int mostTaps : new int[]{1, 2, 3, 4, 5, 8, 9, 13, 64}) {
                        ResampleAxis columns = axis(random, n, mostTaps);
                        ResampleAxis rows = axis(random, n, mostTaps);
                        check(resampler, pixels(random, columns, rows, pixelStride), columns, rows, levels);
                    }
                }
            }
        }
    }

    private static void check(PlaneResampler resampler, PixelView pixels, ResampleAxis columns, ResampleAxis rows,
            float[] levels) {
        int n = columns.count();
        int guard = 3;
        FloatBuffer planes = floats(3 * n * n + 2 * guard);
        for (int i = 0; i < planes.capacity(); i++) {
            planes.put(i, 1234);
        }
        assertThat(resampler.accepts(pixels, planes)).isTrue();
        resampler.resample(pixels, columns, rows, planes, guard);
        int[] bands = {pixels.red(), pixels.green(), pixels.blue()};
        for (int channel = 0; channel < 3; channel++) {
            int[][] narrow = new int[rows.to()][n];
            for (int y = rows.from(); y < rows.to(); y++) {
                int at = pixels.offsetBytes() + (y - pixels.top()) * pixels.rowStride() + bands[channel];
                int[] row = new int[columns.to()];
                for (int x = columns.from(); x < columns.to(); x++) {
                    row[x] = pixels.samples().get(at + (x - pixels.left()) * pixels.pixelStride()) & 0xFF;
                }
                for (int o = 0; o < n; o++) {
                    narrow[y][o] = sum(columns, o, row);
                }
            }
            for (int o = 0; o < n; o++) {
                for (int x = 0; x < n; x++) {
                    int[] column = new int[rows.to()];
                    for (int y = rows.from(); y < rows.to(); y++) {
                        column[y] = narrow[y][x];
                    }
                    assertThat(planes.get(guard + (channel * n + o) * n + x))
                            .as("channel=%d y=%d x=%d n=%d taps=%d pixels=%s seed=%d", channel, o, x, n,
                                    columns.mostTaps(), pixels, SEED)
                            .isEqualTo(levels[channel * PlaneResamplerProvider.LEVELS + sum(rows, o, column)]);
                }
            }
        }
        for (int i = 0; i < guard; i++) {
            assertThat(planes.get(i)).isEqualTo(1234);
            assertThat(planes.get(planes.capacity() - 1 - i)).isEqualTo(1234);
        }
    }

    private static int sum(ResampleAxis axis, int output, int[] values) {
        int sum = 1 << (ResampleAxis.PRECISION_BITS - 1);
        for (int j = 0; j < axis.taps()[output]; j++) {
            sum += values[axis.first()[output] + j] * axis.weights()[axis.start()[output] + j];
        }
        return Math.max(0, Math.min(255, sum >> ResampleAxis.PRECISION_BITS));
    }

    /** Weights with negative lobes that add up to about one, so that sums go beyond both ends of a byte. */
    private static ResampleAxis axis(Random random, int n, int mostTaps) {
        int[] first = new int[n];
        int[] taps = new int[n];
        int[] start = new int[n];
        int at = random.nextInt(4);
        int total = 0;
        for (int o = 0; o < n; o++) {
            first[o] = at;
            taps[o] = 1 + random.nextInt(mostTaps);
            start[o] = total;
            total += taps[o];
            at += random.nextInt(Math.max(2, mostTaps / 2));
        }
        int[] weights = new int[total];
        for (int o = 0; o < n; o++) {
            int one = 1 << ResampleAxis.PRECISION_BITS;
            for (int j = 0; j < taps[o]; j++) {
                weights[start[o] + j] = random.nextInt(3 * one / taps[o]) - one / taps[o];
            }
        }
        return new ResampleAxis(first, taps, start, weights);
    }

    private static PixelView pixels(Random random, ResampleAxis columns, ResampleAxis rows, int pixelStride) {
        int left = random.nextInt(columns.from() + 1);
        int top = random.nextInt(rows.from() + 1);
        int width = columns.to() - left + random.nextInt(2);
        int height = rows.to() - top;
        int[] bands = pixelStride == 1
                ? new int[]{0, 0, 0}
                : pixelStride == 3 ? new int[]{0, 1, 2} : new int[]{2, 1, 0};
        int last = Math.max(bands[0], bands[2]);
        int rowStride = width * pixelStride + random.nextInt(3);
        int offset = random.nextInt(5);
        byte[] bytes = new byte[offset + (height - 1) * rowStride + (width - 1) * pixelStride + last + 1];
        random.nextBytes(bytes);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = i % 3 == 0 ? bytes[i] : (byte) (bytes[i] >> 7);
        }
        return new PixelView(direct(bytes), offset, rowStride, pixelStride, left, top, width, height, bands[0],
                bands[1], bands[2]);
    }

    @Test
    void refusesWhatItCannotReach() {
        ResampleAxis axis = ResampleAxis.identity(0, 4);
        try (PlaneResampler resampler = new SimdPlaneResampler(SimdBackendProvider.kernels(), 4, levels())) {
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
        Optional<PlaneResampler> found = PlaneResamplerProvider.openFastest(32, levels());
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

    private static float[] levels() {
        float[] levels = new float[3 * PlaneResamplerProvider.LEVELS];
        for (int i = 0; i < levels.length; i++) {
            levels[i] = i;
        }
        return levels;
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
