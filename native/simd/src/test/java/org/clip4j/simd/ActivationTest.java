package org.clip4j.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.JavaBackendProvider;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The activations at the ends of the number line. */
class ActivationTest {
    private static final float[] ENDS = {Float.NaN, Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY, -Float.MAX_VALUE,
            Float.MAX_VALUE};

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void endsBecomeWhatPlainJavaMakesOfThem(InstructionSet set) {
        BuiltLibrary.require();
        BackendOptions options = new BackendOptions(1, Precision.F32);
        try (Backend java = new JavaBackendProvider().open(options);
                Backend layers = SimdBackendProvider.open(options, set);
                Backend epilogues = PlainProductsBackendTest.open(SimdLibrary.kernels(set.level()), 1)) {
            for (Activation activation : Activation.values()) {
                float[] expected = activate(java, activation);
                assertThat(activate(layers, activation)).as("%s in a layer", activation).containsExactly(expected);
                assertThat(activate(epilogues, activation)).as("%s afterwards", activation).containsExactly(expected);
            }
        }
    }

    /** The ends through a layer of one weight, as wide as a vector and more; zeros without their sign. */
    private static float[] activate(Backend backend, Activation activation) {
        int width = 17;
        float[] results = new float[ENDS.length * width];
        try (Arena arena = backend.newArena(); ExecutionContext context = backend.newContext()) {
            Tensor weight = arena.allocate(DType.F32, width, 1);
            Tensor x = arena.allocate(DType.F32, ENDS.length, 1);
            Tensor out = arena.allocate(DType.F32, ENDS.length, width);
            for (int i = 0; i < width; i++) {
                weight.set(i, 1);
            }
            x.floats().put(0, ENDS);
            backend.linear(arena, weight, null, activation).run(context, x, ENDS.length, out);
            out.floats().get(0, results);
        }
        for (int i = 0; i < results.length; i++) {
            results[i] += 0f;
        }
        return results;
    }
}
