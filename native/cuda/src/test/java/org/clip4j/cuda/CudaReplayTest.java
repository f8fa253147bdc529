package org.clip4j.cuda;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Attention;
import org.clip4j.kernels.AttentionInput;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.RowGather;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.TokenEmbedding;
import org.junit.jupiter.api.Test;

/** A replayed sequence does what it did when it was not recorded, with whatever is in its arrays by then. */
@RequiresCard
class CudaReplayTest {
    private static final int ROWS = 24;
    private static final int WIDTH = 64;
    private static final int VOCABULARY = 50;
    private final Random random = new Random(11);

    /** A small text tower: tokens, attention, a product, chosen rows. */
    private final class Sequence implements AutoCloseable {
        final Backend backend = CudaBackendProvider.open(new BackendOptions(1, Precision.F32), CudaBackend.Mode.DEVICE,
                AlgorithmSearch.Effort.FIRST);
        final Arena arena = backend.newArena();
        final ExecutionContext context = backend.newContext();
        final TokenEmbedding embedding = backend.tokenEmbedding(arena, normal(VOCABULARY, WIDTH), normal(ROWS, WIDTH));
        final Linear inProj = backend.linear(arena, normal(3 * WIDTH, WIDTH), normal(3 * WIDTH), Activation.NONE);
        final Attention attention = backend.attention(1, WIDTH, true);
        final RowGather gather = backend.rowGather(WIDTH);
        final Tensor x = arena.allocate(DType.F32, ROWS, WIDTH);
        final Tensor qkv = arena.allocate(DType.F32, ROWS, 3 * WIDTH);
        final Tensor attended = arena.allocate(DType.F32, ROWS, WIDTH);
        final Tensor out = arena.allocate(DType.F32, ROWS, WIDTH);
        final AttentionInput input = AttentionInput.packed(qkv);
        final int[] ids = new int[ROWS];
        final int[] places = new int[ROWS];
        final int[] offsets = new int[4];
        final int[] chosen = new int[3];

        void fill() {
            offsets[1] = 1 + random.nextInt(8);
            offsets[2] = offsets[1] + 1 + random.nextInt(8);
            offsets[3] = ROWS;
            for (int i = 0; i < ROWS; i++) {
                ids[i] = random.nextInt(VOCABULARY);
                places[i] = random.nextInt(ROWS);
            }
            for (int i = 0; i < chosen.length; i++) {
                chosen[i] = offsets[i + 1] - 1;
            }
            input.segments(offsets, offsets, chosen.length);
        }

        void operations() {
            embedding.run(context, ids, places, ROWS, x);
            inProj.run(context, x, ROWS, qkv);
            attention.run(context, input, attended);
            gather.run(context, attended, chosen, chosen.length, out);
        }

        float[] result() {
            float[] values = new float[chosen.length * WIDTH];
            context.download(out, FloatBuffer.wrap(values), 0, values.length);
            return values;
        }

        @Override
        public void close() {
            context.close();
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

    @Test
    void replaysWithNewNumbers() {
        try (Sequence sequence = new Sequence()) {
            for (int call = 0; call < 6; call++) {
                sequence.fill();
                sequence.operations();
                float[] expected = sequence.result();
                sequence.context.replay(call % 2, sequence::operations);
                assertThat(sequence.result()).as("call=%d", call).isEqualTo(expected);
            }
        }
    }

    @Test
    void roundsRowsUpInFewSteps() {
        try (Sequence sequence = new Sequence()) {
            int distinct = 0;
            int last = 0;
            for (int rows = 1; rows <= 1000; rows++) {
                int recorded = sequence.context.recordedRows(rows, 1000);
                assertThat(recorded).isBetween(rows, Math.min(1000, rows + rows / 8 + 1));
                distinct += recorded == last ? 0 : 1;
                last = recorded;
            }
            assertThat(distinct).isLessThan(70);
        }
    }

    @Test
    void uploadsFromItsOwnMemoryAndFromOthers() {
        try (Sequence sequence = new Sequence()) {
            float[] values = new float[ROWS * WIDTH];
            for (int i = 0; i < values.length; i++) {
                values[i] = random.nextFloat();
            }
            FloatBuffer staging = sequence.context.staging(sequence.x);
            staging.put(0, values);
            float[] back = new float[values.length];
            sequence.context.upload(staging, 0, sequence.x, values.length);
            sequence.context.download(sequence.x, FloatBuffer.wrap(back), 0, back.length);
            assertThat(back).isEqualTo(values);
            values[7] = -1;
            sequence.context.upload(FloatBuffer.wrap(values), 0, sequence.x, values.length);
            sequence.context.download(sequence.x, FloatBuffer.wrap(back), 0, back.length);
            assertThat(back).isEqualTo(values);
        }
    }

    /** More numbers than the way to the card holds at a time. */
    @Test
    void arraysOfOneOperationDoNotOverwriteEachOther() {
        int count = 200_000;
        int width = 4;
        try (Sequence sequence = new Sequence()) {
            Tensor table = normal(VOCABULARY, width);
            Tensor positions = normal(ROWS, width);
            TokenEmbedding lookup = sequence.backend.tokenEmbedding(sequence.arena, table, positions);
            Tensor found = sequence.arena.allocate(DType.F32, count, width);
            int[] ids = random.ints(count, 0, VOCABULARY).toArray();
            int[] places = random.ints(count, 0, ROWS).toArray();
            float[] values = new float[count * width];
            for (int round = 0; round < 2; round++) {
                lookup.run(sequence.context, ids, places, count, found);
                sequence.context.download(found, FloatBuffer.wrap(values), 0, values.length);
                for (int i = 0; i < values.length; i++) {
                    float expected = (float) table.get(ids[i / width] * width + i % width)
                            + (float) positions.get(places[i / width] * width + i % width);
                    assertThat(values[i]).as("row=%d", i / width).isEqualTo(expected);
                }
            }
        }
    }

    @Test
    void manySequencesTakeNoMoreMemoryThanSome() {
        try (Sequence sequence = new Sequence()) {
            long free = 0;
            for (int key = 0; key < 700; key++) {
                sequence.fill();
                sequence.context.replay(key, sequence::operations);
                sequence.context.replay(key, sequence::operations);
                if (key == 300) {
                    free = sequence.arena.freeBytes();
                }
            }
            assertThat(sequence.arena.freeBytes()).isEqualTo(free);
        }
    }

    /** Lists of keys' rows in a long array of which a pass uses little. */
    @Test
    void recordingsReserveWhatTheirKeysCanNeed() {
        try (Sequence sequence = new Sequence()) {
            sequence.fill();
            sequence.embedding.run(sequence.context, sequence.ids, sequence.places, ROWS, sequence.x);
            sequence.inProj.run(sequence.context, sequence.x, ROWS, sequence.qkv);
            int[] keyRows = new int[1 << 20];
            int[] keyOffsets = new int[3];
            int[] firstTwo = {0, 1};
            useKeys(keyRows, keyOffsets, 5);
            sequence.input.segments(new int[]{0, 1, 2}, keyOffsets, keyRows, 2);
            Runnable attending = () -> {
                sequence.attention.run(sequence.context, sequence.input, sequence.attended);
                sequence.gather.run(sequence.context, sequence.attended, firstTwo, 2, sequence.out);
            };
            long free = 0;
            for (int key = 0; key < 40; key++) {
                useKeys(keyRows, keyOffsets, 5 + key % 4); // of one magnitude: 5 to 8
                attending.run();
                float[] expected = firstRows(sequence);
                for (int call = 0; call < 3; call++) {
                    sequence.context.replay(key, attending);
                    assertThat(firstRows(sequence)).as("key=%d call=%d", key, call).isEqualTo(expected);
                }
                free = key == 0 ? sequence.arena.freeBytes() : free;
            }
            assertThat(free - sequence.arena.freeBytes()).isLessThan(10L * keyRows.length * Integer.BYTES);
        }
    }

    @Test
    void aReplayOfMoreNumbersThanItsKeyAllowsIsRefused() {
        try (Sequence sequence = new Sequence()) {
            sequence.fill();
            int[] queryOffsets = {0, 1, 2};
            int[] keyRows = new int[1 << 10];
            int[] keyOffsets = new int[3];
            useKeys(keyRows, keyOffsets, 5);
            sequence.input.segments(queryOffsets, keyOffsets, keyRows, 2);
            Runnable attending = () -> sequence.attention.run(sequence.context, sequence.input, sequence.attended);
            sequence.context.replay(1, attending);
            sequence.context.replay(1, attending);
            useKeys(keyRows, keyOffsets, 8);
            sequence.context.replay(1, attending);
            useKeys(keyRows, keyOffsets, 9);
            assertThatThrownBy(() -> sequence.context.replay(1, attending)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("capacity=8 actual=9");
        }
    }

    /** One key for the first segment, all others for the second. */
    private static void useKeys(int[] keyRows, int[] keyOffsets, int count) {
        keyOffsets[1] = 1;
        keyOffsets[2] = count;
        for (int i = 1; i < count; i++) {
            keyRows[i] = i + 3;
        }
    }

    private static float[] firstRows(Sequence sequence) {
        float[] values = new float[2 * WIDTH];
        sequence.context.download(sequence.out, FloatBuffer.wrap(values), 0, values.length);
        return values;
    }

    @Test
    void sessionsMayOpenWhileAnotherRecords() throws Exception {
        try (Sequence sequence = new Sequence()) {
            sequence.fill();
            sequence.operations();
            float[] expected = sequence.result();
            ExecutorService other = Executors.newSingleThreadExecutor();
            try {
                Future<?> opening = other.submit(() -> {
                    for (int i = 0; i < 30; i++) {
                        try (ExecutionContext context = sequence.backend.newContext();
                                Arena arena = sequence.backend.newArena()) {
                            arena.allocate(DType.F32, 100, WIDTH);
                            assertThat(context.isIdle()).isTrue();
                        }
                    }
                });
                for (int key = 0; key < 60; key++) {
                    sequence.context.replay(key, sequence::operations);
                    sequence.context.replay(key, sequence::operations);
                    assertThat(sequence.result()).isEqualTo(expected);
                }
                opening.get();
            } finally {
                other.shutdown();
            }
        }
    }
}
