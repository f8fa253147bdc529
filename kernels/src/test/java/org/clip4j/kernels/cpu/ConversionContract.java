package org.clip4j.kernels.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.HalfPrecision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What row kernels do before and after products in bf16 and bytes; a subclass is only a factory. */
public abstract class ConversionContract {
    private static final int ROWS = 5;
    private static final int FROM = 1;
    private static final int TO = 4;
    private static final int PADDING = 3;
    private static final byte GUARD = 0x5A;

    private final long seed = Long.getLong("clip4j.seed", new Random().nextLong());
    private final Random random = new Random(seed);

    /** The kernels under test. */
    protected abstract RowKernels kernels();

    /** An engine whose memory they take. */
    protected abstract MatrixEngine engine();

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 768, 1025, 3072})
    void bf16IsTheNearest(int depth) {
        float[] ends = {Float.NaN, Float.intBitsToFloat(0x7F80_0001), Float.intBitsToFloat(0xFFFF_FFFF), -0f,
                Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY, Float.MAX_VALUE, Float.MIN_VALUE,
                Float.intBitsToFloat(0x3F80_8000), Float.intBitsToFloat(0x3F81_8000),
                Float.intBitsToFloat(0x3F80_8001), Float.intBitsToFloat(0xBF80_7FFF)};
        try (Fixture fixture = new Fixture(depth)) {
            for (int i = 0; i < depth; i++) {
                fixture.x.floats().put(FROM * fixture.x.rowStride() + i, ends[(i + random.nextInt(2)) % ends.length]);
            }
            fixture.run(kernels().toBf16(depth));
            for (int row = 0; row < ROWS; row++) {
                for (int i = 0; i < depth; i++) {
                    int at = (row * depth + i) * Short.BYTES;
                    short expected = row >= FROM && row < TO
                            ? HalfPrecision.f32ToBf16(fixture.value(row, i))
                            : (short) (GUARD << 8 | GUARD);
                    assertThat(fixture.prepared.bytes().getShort(at)).as("row=%d column=%d value=%s seed=%d", row, i,
                            fixture.value(row, i), seed).isEqualTo(expected);
                }
            }
            fixture.checkRest(ROWS * depth * Short.BYTES);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 768, 1025, 3072})
    void bytesAreTheNearestSteps(int depth) {
        try (Fixture fixture = new Fixture(depth)) {
            for (int i = 0; i < depth; i++) {
                fixture.x.floats().put(2 * fixture.x.rowStride() + i, 0f);
            }
            fixture.run(kernels().toBytes(depth));
            for (int row = FROM; row < TO; row++) {
                float largest = 0;
                for (int i = 0; i < depth; i++) {
                    largest = Math.max(largest, Math.abs(fixture.value(row, i)));
                }
                assertThat(fixture.prepared.floats().get(row)).isEqualTo(largest / 127f);
                for (int i = 0; i < depth; i++) {
                    int at = RowConversion.firstByte(ROWS) + row * depth + i;
                    int step = (fixture.prepared.bytes().get(at) & 0xFF) - RowConversion.ZERO_POINT;
                    double exact = largest == 0 ? 0 : fixture.value(row, i) * 127.0 / largest;
                    // The quotient and the product are rounded, and then the sum with 1.5 * 2^23.
                    assertThat(Math.abs(step - exact)).as("row=%d column=%d value=%s largest=%s seed=%d", row, i,
                            fixture.value(row, i), largest, seed).isLessThanOrEqualTo(0.5 + 127 * 2 * 0x1p-24);
                }
            }
            fixture.checkUntouched(0, FROM * Float.BYTES);
            fixture.checkUntouched(TO * Float.BYTES, RowConversion.firstByte(ROWS) + FROM * depth);
            fixture.checkRest(RowConversion.firstByte(ROWS) + TO * depth);
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void rowsWithWhatIsNoFiniteNumberHaveAScaleThatIsNone(float strange) {
        for (int at = 0; at < 19; at++) {
            try (Fixture fixture = new Fixture(19)) {
                fixture.x.floats().put(2 * fixture.x.rowStride() + at, strange);
                fixture.run(kernels().toBytes(19));
                assertThat(Float.isFinite(fixture.prepared.floats().get(1))).isTrue();
                assertThat(Float.isFinite(fixture.prepared.floats().get(2))).as("at=%d", at).isFalse();
                assertThat(Float.isFinite(fixture.prepared.floats().get(3))).isTrue();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 129, 1025})
    void sumsOfBytesAreScaledByRowAndFinished(int columns) {
        for (Activation activation : new Activation[]{Activation.NONE, Activation.RELU}) {
            for (boolean add : new boolean[]{false, true}) {
                checkDequantization(columns, activation, add);
            }
        }
    }

    private void checkDequantization(int columns, Activation activation, boolean add) {
        int left = 2;
        int firstRow = 1;
        try (Fixture fixture = new Fixture(columns)) {
            Tensor bias = fixture.normal(columns);
            Tensor sums = fixture.normal(TO - FROM, columns);
            Tensor scales = fixture.normal(ROWS);
            Tensor out = fixture.normal(firstRow + ROWS + 1, left + columns + PADDING);
            float[] before = new float[out.elements()];
            out.floats().get(0, before);
            PackedCall call = new PackedCall().input(fixture.x, fixture.x.rowStride(), ROWS).output(out, firstRow, add)
                    .prepared(scales);
            kernels().dequantization(fixture.arena, bias, activation).run(fixture.lane, call, sums, FROM, TO, left);
            for (int i = 0; i < before.length; i++) {
                int row = i / out.columns() - firstRow;
                int column = i % out.columns() - left;
                float actual = out.floats().get(i);
                if (row < FROM || row >= TO || column < 0 || column >= columns) {
                    assertThat(actual).as("beside the output: row=%d column=%d", row, column).isEqualTo(before[i]);
                    continue;
                }
                double product = scales.get(row) * sums.get(row - FROM, column);
                double old = add ? before[i] : 0;
                double exact = product + bias.get(column) + old;
                double magnitude = Math.abs(product) + Math.abs(bias.get(column)) + Math.abs(old);
                double expected = activation == Activation.RELU ? Math.max(exact, 0) : exact;
                // A product and two sums, each rounded once.
                assertThat(Math.abs(actual - expected)).as("row=%d column=%d columns=%d %s add=%s seed=%d", row, column,
                        columns, activation, add, seed).isLessThanOrEqualTo(3 * 0x1p-24 * magnitude + Float.MIN_VALUE);
            }
        }
    }

    /** Rows of input with something between them, and a guarded place for what becomes of them. */
    private final class Fixture implements AutoCloseable {
        private final MatrixEngine engine = engine();
        private final CpuLane lane = new CpuLane(engine);
        private final Arena arena = new Arena(engine.allocator());
        private final Tensor x;
        private final Tensor prepared;

        Fixture(int depth) {
            x = normal(ROWS, depth + PADDING).columns(0, depth);
            prepared = arena.allocate(DType.F32, RowConversion.firstByte(ROWS) / Float.BYTES + ROWS * depth + 16);
            for (int i = 0; i < prepared.elements() * Float.BYTES; i++) {
                prepared.bytes().put(i, GUARD);
            }
        }

        Tensor normal(int... shape) {
            Tensor tensor = arena.allocate(DType.F32, shape);
            for (int i = 0; i < tensor.elements(); i++) {
                tensor.set(i, random.nextGaussian());
            }
            return tensor;
        }

        float value(int row, int column) {
            return x.floats().get(row * x.rowStride() + column);
        }

        void run(RowConversion conversion) {
            conversion.run(lane, new PackedCall().input(x, x.rowStride(), ROWS).prepared(prepared), FROM, TO);
        }

        void checkRest(int fromByte) {
            checkUntouched(fromByte, prepared.elements() * Float.BYTES);
        }

        void checkUntouched(int fromByte, int toByte) {
            for (int i = fromByte; i < toByte; i++) {
                assertThat(prepared.bytes().get(i)).as("beside the output: byte=%d", i).isEqualTo(GUARD);
            }
        }

        @Override
        public void close() {
            lane.close();
            arena.close();
        }
    }
}
