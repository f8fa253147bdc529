package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Random;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Convolution;
import org.clip4j.kernels.ConvolutionShape;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.LayerNorm;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.ResidualNorm;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What a sequence of operations takes of the card's memory is known, and can be taken, before it runs. */
@RequiresCard
class CudaReservationTest {
    private static final int IMAGES = 13;
    private static final int SIDE = 8;
    private static final int CHANNELS = 16;
    private static final int PIXELS = SIDE * SIDE;
    private static final int WIDTH = 64;
    private static final int DEPTH = 256;

    private final long seed = Long.getLong("clip4j.seed", new Random().nextLong());
    private final Random random = new Random(seed);

    /** One of each operation that takes memory of the session's. */
    private final class Sequence implements AutoCloseable {
        final CudaBackend backend;
        final Arena arena;
        final DType type;
        final Convolution convolution;
        final Convolution pointwise;
        final Linear linear;
        final ResidualNorm branch;
        final Attention attention;
        final Tensor images;
        final Tensor maps;
        final Tensor mixed;
        final Tensor wide;
        final Tensor hidden;
        final Tensor x;
        final Tensor normed;
        final Tensor qkv;
        final Tensor attended;
        final AttentionInput input;
        final int[] offsets = new int[IMAGES + 1];

        Sequence(Precision precision, AlgorithmSearch.Effort effort) {
            backend = (CudaBackend) CudaBackendProvider.open(new BackendOptions(1, precision), CudaBackend.Mode.DEVICE,
                    effort);
            arena = backend.newArena();
            type = backend.activationType();
            convolution = convolution(CHANNELS, 3, 3, 1);
            pointwise = convolution(WIDTH, CHANNELS, 1, 0);
            linear = backend.linear(arena, normal(DEPTH, WIDTH), normal(DEPTH), Activation.QUICK_GELU);
            LayerNorm norm = backend.layerNorm(arena, normal(WIDTH), normal(WIDTH), 1e-5f);
            branch = backend.residualNorm(
                    backend.linear(arena, normal(WIDTH, DEPTH), normal(WIDTH), Activation.NONE), norm);
            attention = backend.attention(1, WIDTH, false);
            int rows = IMAGES * PIXELS;
            images = arena.allocate(DType.F32, IMAGES, 3 * PIXELS);
            maps = arena.allocate(type, rows, CHANNELS);
            mixed = arena.allocate(type, rows, WIDTH);
            wide = arena.allocate(DType.F32, rows, WIDTH);
            hidden = arena.allocate(type, rows, DEPTH);
            x = arena.allocate(DType.F32, rows, WIDTH);
            normed = arena.allocate(type, rows, WIDTH);
            qkv = arena.allocate(type, rows, 3 * WIDTH);
            attended = arena.allocate(type, rows, WIDTH);
            input = AttentionInput.packed(qkv);
            for (int i = 0; i <= IMAGES; i++) {
                offsets[i] = i * PIXELS;
            }
        }

        private Convolution convolution(int out, int in, int kernel, int padding) {
            return backend.convolution(arena,
                    new ConvolutionShape(ConvolutionShape.Layout.CHANNELS_LAST, SIDE, SIDE, in, out, kernel, 1,
                            padding),
                    normal(out, in, kernel, kernel), normal(out), Activation.RELU);
        }

        void run(ExecutionContext context, int count) {
            int rows = count * PIXELS;
            convolution.run(context, images, count, maps);
            pointwise.run(context, maps, count, mixed);
            linear.run(context, wide, rows, hidden);
            branch.run(context, hidden, rows, x, normed);
            // As many rows as kernels of our own take.
            branch.run(context, hidden, count, x, normed);
            input.segments(offsets, offsets, count);
            attention.run(context, input, attended);
        }

        @Override
        public void close() {
            arena.close();
            backend.close();
        }
    }

    private Tensor normal(int... shape) {
        Tensor tensor = Tensor.allocate(DType.F32, shape);
        for (int i = 0; i < tensor.elements(); i++) {
            tensor.set(i, random.nextGaussian() / 8);
        }
        return tensor;
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = "INT8", mode = EnumSource.Mode.EXCLUDE)
    void nothingMoreIsTakenThanWasReserved(Precision precision) {
        Assumptions.assumeTrue(precision != Precision.FP8 || CardInfo.all().get(0).hasFp8(),
                "the card has no units for e4m3");
        try (Sequence sequence = new Sequence(precision, AlgorithmSearch.Effort.FIRST);
                ExecutionContext first = sequence.backend.newContext();
                ExecutionContext context = sequence.backend.newContext()) {
            // Kernels are loaded and products planned, which takes memory, too, but not a session's.
            for (int count = IMAGES; count > 0; count--) {
                sequence.run(first, count);
            }
            long before = sequence.arena.freeBytes();
            long wanted = context.scratchBytes(() -> sequence.run(context, IMAGES));
            assertThat(wanted).isPositive();
            assertThat(sequence.arena.freeBytes()).isEqualTo(before);
            context.reserve(() -> sequence.run(context, IMAGES));
            assertThat(context.scratchBytes(() -> sequence.run(context, IMAGES))).isZero();
            long reserved = sequence.arena.freeBytes();
            assertThat(before - reserved).isGreaterThanOrEqualTo(wanted);
            for (int count = 1; count <= IMAGES; count++) {
                sequence.run(context, count);
                assertThat(sequence.arena.freeBytes()).as("images=%d %s", count, precision).isEqualTo(reserved);
            }
        }
    }

    /** Numbers of a second tower that are more than the first one's memory for them holds, and begin deep in it. */
    @Test
    void nothingMoreIsTakenThanWasReservedForManyNumbersOfASecondTower() {
        int tokens = 200_000;
        int width = 4;
        try (Sequence sequence = new Sequence(Precision.F16, AlgorithmSearch.Effort.FIRST);
                ExecutionContext first = sequence.backend.newContext();
                ExecutionContext context = sequence.backend.newContext()) {
            TokenEmbedding embedding = sequence.backend.tokenEmbedding(sequence.arena, normal(50, width),
                    normal(77, width));
            RowGather gather = sequence.backend.rowGather(width);
            Tensor found = sequence.arena.allocate(DType.F32, tokens, width);
            Tensor chosen = sequence.arena.allocate(DType.F32, tokens, width);
            int[] ids = random.ints(tokens, 0, 50).toArray();
            int[] places = random.ints(tokens, 0, 77).toArray();
            int[] rows = random.ints(tokens, 0, tokens).toArray();
            Runnable texts = () -> {
                embedding.run(context, ids, places, tokens, found);
                gather.run(context, found, rows, tokens, chosen);
            };
            sequence.run(first, IMAGES);
            embedding.run(first, ids, places, tokens, found);
            gather.run(first, found, rows, tokens, chosen);

            context.reserve(() -> sequence.run(context, IMAGES));
            context.replay(1, () -> sequence.run(context, IMAGES));
            long before = sequence.arena.freeBytes();
            long wanted = context.scratchBytes(texts);
            assertThat(wanted).isGreaterThan(5L * tokens * Integer.BYTES); // two of one operation, and all three
            context.reserve(texts);
            assertThat(context.scratchBytes(texts)).isZero();
            long reserved = sequence.arena.freeBytes();
            assertThat(reserved).isLessThan(before);
            for (int call = 0; call < 3; call++) {
                embedding.run(context, ids, places, 90_000, found); // 0.7 of 3 MB
            }
            context.replay(2, () -> {
                embedding.run(context, ids, places, tokens, found);
                assertThat(sequence.arena.freeBytes()).isEqualTo(reserved);
                gather.run(context, found, rows, tokens, chosen);
            });
            assertThat(sequence.arena.freeBytes()).isEqualTo(reserved);
            float[] values = new float[tokens * width];
            for (int call = 0; call < 3; call++) {
                context.download(chosen, FloatBuffer.wrap(values), 0, values.length);
                float[] all = new float[values.length];
                context.download(found, FloatBuffer.wrap(all), 0, all.length);
                for (int i = 0; i < values.length; i++) {
                    assertThat(values[i]).isEqualTo(all[rows[i / width] * width + i % width]);
                }
                context.replay(2, texts);
            }
        }
    }

    @Test
    void aRehearsalComputesNothing() {
        try (Sequence sequence = new Sequence(Precision.F16, AlgorithmSearch.Effort.FIRST);
                ExecutionContext context = sequence.backend.newContext()) {
            float[] values = new float[sequence.x.elements()];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextFloat();
            }
            context.upload(FloatBuffer.wrap(values), 0, sequence.x, values.length);
            context.scratchBytes(() -> sequence.run(context, IMAGES));
            context.reserve(() -> sequence.run(context, IMAGES));
            float[] after = new float[values.length];
            context.download(sequence.x, FloatBuffer.wrap(after), 0, after.length);
            assertThat(after).as("seed=%d", seed).isEqualTo(values);
            sequence.run(context, IMAGES);
            context.download(sequence.x, FloatBuffer.wrap(after), 0, after.length);
            assertThat(after).as("seed=%d", seed).isNotEqualTo(values);
        }
    }

    @Test
    void whatDoesNotFitIsRefusedBeforeItRuns() {
        try (Sequence sequence = new Sequence(Precision.F16, AlgorithmSearch.Effort.FIRST);
                ExecutionContext context = sequence.backend.newContext()) {
            long wanted = context.scratchBytes(() -> sequence.run(context, IMAGES));
            FullCard.run(sequence.backend.cuda(), wanted / 2,
                    () -> assertThatThrownBy(() -> context.reserve(() -> sequence.run(context, IMAGES)))
                            .isInstanceOf(OutOfMemoryError.class).hasMessageContaining("freeBytes="));
            context.reserve(() -> sequence.run(context, IMAGES));
            sequence.run(context, IMAGES);
        }
    }

    /** A measurement takes memory that a full card does not have; what is computed then needs none. */
    @Test
    void productsAreComputedWhereThereIsNoRoomToMeasureThem() {
        // In no file of algorithms that an earlier run left.
        int n = 8 + random.nextInt(4000);
        int rows = 81 + random.nextInt(100);
        float[] measured = product(AlgorithmSearch.Effort.MEASURED, n, rows);
        assertThat(measured).as("n=%d rows=%d", n, rows).isEqualTo(product(AlgorithmSearch.Effort.FIRST, n, rows));
    }

    private static float[] product(AlgorithmSearch.Effort effort, int n, int rows) {
        try (CudaBackend backend = (CudaBackend) CudaBackendProvider.open(new BackendOptions(1, Precision.F32),
                CudaBackend.Mode.DEVICE, effort);
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            Random values = new Random(n);
            Tensor weight = Tensor.allocate(DType.F32, n, WIDTH);
            float[] inputs = new float[rows * WIDTH];
            for (int i = 0; i < weight.elements(); i++) {
                weight.set(i, values.nextGaussian());
            }
            for (int i = 0; i < inputs.length; i++) {
                inputs[i] = (float) values.nextGaussian();
            }
            Linear linear = backend.linear(arena, weight, null, Activation.NONE);
            Tensor x = arena.allocate(DType.F32, rows, WIDTH);
            Tensor out = arena.allocate(DType.F32, rows, n);
            context.upload(FloatBuffer.wrap(inputs), 0, x, inputs.length);
            float[] result = new float[rows * n];
            FullCard.run(backend.cuda(), 1 << 20, () -> {
                linear.run(context, x, rows, out);
                context.download(out, FloatBuffer.wrap(result), 0, result.length);
            });
            return result;
        }
    }
}
