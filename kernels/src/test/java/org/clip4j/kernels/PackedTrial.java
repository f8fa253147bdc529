package org.clip4j.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Supplier;
import org.clip4j.kernels.ConvolutionShape.Layout;

/** What one backend has packed gives the same results, to the last bit, in another one of the same kind. */
public final class PackedTrial implements AutoCloseable {
    private static final int[][] SIZES = {{1, 1}, {7, 9}, {65, 63}, {127, 129}, {512, 512}, {768, 3072}};
    private static final List<ConvolutionShape> CONVOLUTIONS = List.of(
            new ConvolutionShape(Layout.CHANNELS_FIRST, 28, 42, 3, 65, 14, 14, 0),
            new ConvolutionShape(Layout.CHANNELS_LAST, 9, 7, 8, 9, 3, 1, 1),
            new ConvolutionShape(Layout.CHANNELS_LAST, 7, 7, 16, 17, 1, 1, 0));
    private static final int ROWS = 13;

    private final Backend packing;
    private final Backend adopting;
    private final Arena packingArena;
    private final Arena adoptingArena;
    private final Random random = new Random(20210226);

    private PackedTrial(Supplier<Backend> opener) {
        this.packing = opener.get();
        this.adopting = opener.get();
        this.packingArena = packing.newArena();
        this.adoptingArena = adopting.newArena();
    }

    /** Checks layers and convolutions; of backends that pack nothing, that they say so. */
    public static void check(Supplier<Backend> opener) {
        try (PackedTrial trial = new PackedTrial(opener)) {
            assertThat(trial.adopting.packing()).isEqualTo(trial.packing.packing());
            if (trial.packing.packing() == null) {
                trial.checkNothingIsPacked();
                return;
            }
            assertThat(trial.packing.packing()).matches("[a-z0-9._-]+");
            for (int[] size : SIZES) {
                trial.checkLinear(size[0], size[1], true);
                trial.checkLinear(size[0], size[1], false);
            }
            CONVOLUTIONS.forEach(trial::checkConvolution);
            trial.checkWrongSizesAreRefused();
        }
    }

    private void checkNothingIsPacked() {
        Linear linear = packing.linear(packingArena, normal(4, 3), null, Activation.NONE);
        assertThat(linear.packed()).isNull();
        PackedWeights none = new PackedWeights(3, 4, Precision.F32, List.of());
        assertThatThrownBy(() -> adopting.linear(adoptingArena, none, Activation.NONE))
                .isInstanceOf(UnsupportedOperationException.class);
    }

    private void checkLinear(int k, int n, boolean biased) {
        Linear packed = packing.linear(packingArena, normal(n, k), biased ? normal(n) : null, Activation.QUICK_GELU);
        Linear adopted = adopting.linear(adoptingArena, copy(packed.packed()), Activation.QUICK_GELU);
        assertThat(adopted.inFeatures()).isEqualTo(k);
        assertThat(adopted.outFeatures()).isEqualTo(n);
        float[] x = normals(ROWS * k);
        assertThat(run(adopting, adoptingArena, adopted, x)).as("K=" + k + " N=" + n + " bias=" + biased)
                .containsExactly(run(packing, packingArena, packed, x));
        assertSame(adopted.packed(), packed.packed());
    }

    private static float[] run(Backend backend, Arena arena, Linear linear, float[] values) {
        try (ExecutionContext context = backend.newContext()) {
            Tensor x = arena.allocate(DType.F32, ROWS, linear.inFeatures());
            x.floats().put(0, values);
            Tensor out = arena.allocate(DType.F32, ROWS, linear.outFeatures());
            linear.run(context, x, ROWS, out);
            return floats(out);
        }
    }

    private void checkConvolution(ConvolutionShape shape) {
        Tensor weight = normal(shape.outChannels(), shape.inChannels(), shape.kernel(), shape.kernel());
        Convolution packed = packing.convolution(packingArena, shape, weight, normal(shape.outChannels()),
                Activation.RELU);
        Convolution adopted = adopting.convolution(adoptingArena, shape, copy(packed.packed()), Activation.RELU);
        float[] x = normals(2 * shape.inElements());
        assertThat(run(adopting, adoptingArena, adopted, x)).as(shape.toString())
                .containsExactly(run(packing, packingArena, packed, x));
    }

    private static float[] run(Backend backend, Arena arena, Convolution convolution, float[] values) {
        ConvolutionShape shape = convolution.shape();
        try (ExecutionContext context = backend.newContext()) {
            Tensor x = arena.allocate(DType.F32, 2, shape.inElements());
            x.floats().put(0, values);
            Tensor out = arena.allocate(DType.F32, 2 * shape.outHeight() * shape.outWidth(), shape.outChannels());
            convolution.run(context, x, 2, out);
            return floats(out);
        }
    }

    private void checkWrongSizesAreRefused() {
        PackedWeights right = packing.linear(packingArena, normal(70, 30), normal(70), Activation.NONE).packed();
        refuses(new PackedWeights(30, 700, right.precision(), right.tensors()));
        refuses(new PackedWeights(3000, 70, right.precision(), right.tensors()));
        refuses(new PackedWeights(30, 70, right.precision(), right.tensors().subList(0, 1)));
        ConvolutionShape shape = CONVOLUTIONS.get(0);
        assertThatThrownBy(() -> adopting.convolution(adoptingArena, shape, right, Activation.NONE))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("do not fit the convolution");
    }

    private void refuses(PackedWeights wrong) {
        assertThatThrownBy(() -> adopting.linear(adoptingArena, wrong, Activation.NONE))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("packed weights");
    }

    private static void assertSame(PackedWeights actual, PackedWeights expected) {
        assertThat(actual.precision()).isEqualTo(expected.precision());
        assertThat(actual.tensors()).hasSameSizeAs(expected.tensors());
        for (int i = 0; i < expected.tensors().size(); i++) {
            assertThat(bytes(actual.tensors().get(i))).isEqualTo(bytes(expected.tensors().get(i)));
        }
    }

    /** The same in other memory, as a file that is mapped would have it. */
    private static PackedWeights copy(PackedWeights packed) {
        List<Tensor> copies = new ArrayList<>();
        for (Tensor tensor : packed.tensors()) {
            ByteBuffer from = bytes(tensor);
            ByteBuffer to = ByteBuffer.allocateDirect(from.remaining()).order(ByteOrder.nativeOrder());
            to.put(from).flip();
            copies.add(Tensor.of(to, tensor.dtype(), Tensor.NO_ADDRESS, tensor.shape()));
        }
        return new PackedWeights(packed.inFeatures(), packed.outFeatures(), packed.precision(), copies);
    }

    private static ByteBuffer bytes(Tensor tensor) {
        return tensor.bytes().duplicate().clear();
    }

    private Tensor normal(int... shape) {
        Tensor tensor = packingArena.allocate(DType.F32, shape);
        tensor.floats().put(0, normals(tensor.elements()));
        return tensor;
    }

    private float[] normals(int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) random.nextGaussian();
        }
        return values;
    }

    private static float[] floats(Tensor tensor) {
        float[] values = new float[tensor.elements()];
        tensor.read(0, values, 0, values.length);
        return values;
    }

    @Override
    public void close() {
        for (AutoCloseable part : Arrays.<AutoCloseable>asList(packingArena, adoptingArena, packing, adopting)) {
            try {
                part.close();
            } catch (Exception e) {
                throw new AssertionError(e);
            }
        }
    }
}
