package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.CRC32;
import org.clip4j.image.Image;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.PixelView;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.ResampleAxis;
import org.clip4j.kernels.ResampleCase;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TensorResampler;
import org.clip4j.testing.PreprocessGoldens;
import org.clip4j.testing.PreprocessGoldens.Case;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Bit for bit what a plain loop gives, and plain Java, and the reference. */
@RequiresCard
class CudaResamplerTest {
    private static final long SEED = 20260108;
    /** Between and around images. */
    private static final float GUARD = 1234;

    private Backend backend;
    private Arena arena;
    private ExecutionContext context;

    @AfterEach
    void close() {
        context.close();
        arena.close();
        backend.close();
    }

    private void open(CudaBackend.Mode mode) {
        backend = CudaBackendProvider.open(new BackendOptions(1, Precision.F32), mode, AlgorithmSearch.Effort.FIRST);
        arena = backend.newArena();
        context = backend.newContext();
    }

    /** Three images, the one in the middle is for results. */
    private Tensor images(int n) {
        Tensor images = arena.allocate(DType.F32, 3, 3, n, n);
        float[] guards = new float[images.elements()];
        Arrays.fill(guards, GUARD);
        context.upload(FloatBuffer.wrap(guards), 0, images, guards.length);
        return images;
    }

    private float[] middle(Tensor images) {
        float[] all = new float[images.elements()];
        context.download(images, FloatBuffer.wrap(all), 0, all.length);
        int count = all.length / 3;
        for (int i = 0; i < count; i++) {
            assertThat(all[i]).isEqualTo(GUARD);
            assertThat(all[2 * count + i]).isEqualTo(GUARD);
        }
        return Arrays.copyOfRange(all, count, 2 * count);
    }

    @ParameterizedTest
    @EnumSource(CudaBackend.Mode.class)
    void equalsAPlainLoop(CudaBackend.Mode mode) {
        open(mode);
        float[] levels = ResampleCase.levels();
        for (int n : ResampleCase.sizes()) {
            Tensor images = images(n);
            try (TensorResampler resampler = context.openResampler(n, levels).orElseThrow()) {
                ResampleCase.all(SEED, n).forEach(resample -> {
                    resampler.resample(resample.pixels(), resample.columns(), resample.rows(), images, 1);
                    resample.check(levels, middle(images));
                });
            }
        }
    }

    @Test
    void tensorsEqualTheReference() {
        open(CudaBackend.Mode.DEVICE);
        int n = PreprocessGoldens.SIZES.get(0);
        PreprocessConfig config = PreprocessConfig.clip(n);
        Tensor images = images(n);
        try (Preprocessor preprocessor = new Preprocessor(config);
                TensorResampler resampler = context.openResampler(n, config.levels()).orElseThrow()) {
            int compared = 0;
            for (Case golden : PreprocessGoldens.cases().values()) {
                if (golden.refused() || golden.format().equals("WEBP")) {
                    continue;
                }
                preprocessor.tensor(Image.of(golden.bytes()), resampler, images, 1);
                float[] tensor = middle(images);
                ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * tensor.length)
                        .order(ByteOrder.nativeOrder());
                bytes.asFloatBuffer().put(tensor);
                CRC32 crc = new CRC32();
                crc.update(bytes);
                assertThat(crc.getValue()).as("tensor of %s at %d", golden, n).isEqualTo(golden.tensorCrc(n));
                compared++;
            }
            assertThat(compared).isPositive();
        }
    }

    /** One of a size that takes its pixels several turns of the staging, many that fill it, and others after them. */
    @Test
    void imagesOfAllSizesEqualPlainJava() {
        open(CudaBackend.Mode.DEVICE);
        Random random = new Random(SEED);
        int n = 8;
        PreprocessConfig config = PreprocessConfig.clip(n);
        Tensor images = images(n);
        try (Preprocessor preprocessor = new Preprocessor(config);
                TensorResampler resampler = context.openResampler(n, config.levels()).orElseThrow()) {
            for (int[] size : new int[][]{{1, 1}, {3100, 3001}, {8, 8}, {9, 8}, {2000, 2000}, {1500, 1700}, {7, 40}}) {
                byte[] bytes = new byte[3 * size[0] * size[1]];
                random.nextBytes(bytes);
                Image image = Image.rgb(ByteBuffer.wrap(bytes), size[0], size[1], 3 * size[0]);
                float[] expected = new float[3 * n * n];
                preprocessor.tensor(image, FloatBuffer.wrap(expected), 0);
                preprocessor.tensor(image, resampler, images, 1);
                assertThat(middle(images)).as("%dx%d seed=%d", size[0], size[1], SEED).isEqualTo(expected);
            }
        }
    }

    @Test
    void refusesWhatItCannotReach() {
        open(CudaBackend.Mode.DEVICE);
        ResampleAxis axis = ResampleAxis.identity(0, 4);
        Tensor images = images(4);
        try (TensorResampler resampler = context.openResampler(4, ResampleCase.levels()).orElseThrow()) {
            PixelView small = new PixelView(ByteBuffer.allocate(36), 0, 12, 3, 0, 0, 4, 3, 0, 1, 2);
            PixelView pixels = new PixelView(ByteBuffer.allocate(48), 0, 12, 3, 0, 0, 4, 4, 0, 1, 2);
            assertThatThrownBy(() -> resampler.resample(small, axis, axis, images, 1))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("rows=0..4");
            assertThatThrownBy(() -> resampler.resample(pixels, axis, axis, images, 3))
                    .isInstanceOf(IllegalArgumentException.class);
            assertThatThrownBy(() -> resampler.resample(pixels, axis, axis, images, -1))
                    .isInstanceOf(IndexOutOfBoundsException.class);
            ResampleAxis longer = ResampleAxis.identity(0, 5);
            assertThatThrownBy(() -> resampler.resample(pixels, longer, axis, images, 1))
                    .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("outputs=5x4");
        }
        TensorResampler closed = context.openResampler(4, ResampleCase.levels()).orElseThrow();
        closed.close();
        PixelView whole = new PixelView(ByteBuffer.allocate(48), 0, 12, 3, 0, 0, 4, 4, 0, 1, 2);
        assertThatThrownBy(() -> closed.resample(whole, axis, axis, images, 1))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
    }
}
