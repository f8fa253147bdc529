package org.clip4j.simd;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.function.Supplier;
import java.util.zip.CRC32;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.Linear;
import org.clip4j.kernels.LinearTrial;
import org.clip4j.kernels.LinearTrial.Rounding;
import org.clip4j.kernels.PackedTrial;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class SimdPrecisionTest {
    /** Inputs of INT8 layers: int8.h. */
    private static final int INPUT_STEPS = 32767;

    @BeforeEach
    void needsTheLibrary() {
        BuiltLibrary.require();
    }

    @ParameterizedTest
    @EnumSource(InstructionSet.class)
    void staysWithinTheRoundingOfItsTypes(InstructionSet set) {
        for (int threads = 1; threads <= 2; threads++) {
            LinearTrial.check(opener(Precision.F32, threads, set), Rounding.NONE);
            LinearTrial.check(opener(Precision.BF16, threads, set), Rounding.bf16(1));
            LinearTrial.check(opener(Precision.INT8, threads, set), Rounding.integers(127, INPUT_STEPS));
        }
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"F32", "BF16", "INT8"})
    void packedWeightsAreTakenBack(Precision precision) {
        PackedTrial.check(opener(precision, 2, InstructionSet.AVX512VNNI));
        PackedTrial.check(opener(precision, 1, InstructionSet.BASELINE));
    }

    /**
     * Files of packed weights outlive a version of this program: what their names stand for must not change. When this
     * fails because weights are laid out in another way, raise PACKING in kernels.h, and take the new checksums, here and in
     * check_layout.cpp, which has those of all instruction sets.
     */
    @ParameterizedTest
    @CsvSource({"F32, simd1-x86_64-baseline-f32, 3040898576", "BF16, simd1-x86_64-baseline-bf16, 1437521583",
            "INT8, simd1-x86_64-baseline-int8, 1882394229",
            "F32, simd1-x86_64-avx2-f32, 3903886707", "BF16, simd1-x86_64-avx2-bf16, 1384117017",
            "INT8, simd1-x86_64-avx2-int8, 1851327475"})
    void aLayoutKeepsItsNumber(Precision precision, String packing, long checksum) {
        InstructionSet set = packing.contains("avx2") ? InstructionSet.AVX2 : InstructionSet.BASELINE;
        try (Backend backend = opener(precision, 1, set).get(); Arena arena = backend.newArena()) {
            Assumptions.assumeTrue(backend.packing().equals(packing), "another processor: " + backend.packing());
            Tensor weight = arena.allocate(DType.F32, 50, 301);
            for (int i = 0; i < weight.elements(); i++) {
                weight.set(i, (i * 7 % 256 - 128) * 0.125);
            }
            CRC32 crc = new CRC32();
            Tensor bias = arena.allocate(DType.F32, 50);
            for (Tensor tensor : backend.linear(arena, weight, bias, Activation.NONE).packed().tensors()) {
                crc.update(tensor.bytes().duplicate().clear());
            }
            assertThat(crc.getValue()).as(packing).isEqualTo(checksum);
        }
    }

    private static Supplier<Backend> opener(Precision precision, int threads, InstructionSet set) {
        return () -> SimdBackendProvider.open(new BackendOptions(threads, precision), set);
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"BF16", "INT8"})
    void aCallAllocatesNothing(Precision precision) {
        ThreadMXBean threadBean = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        try (LinearTrial trial = new LinearTrial(opener(precision, 1, InstructionSet.AVX512VNNI), Rounding.NONE, 13, 96,
                128)) {
            long bytes = 1;
            // The JVM itself may allocate while it compiles: that happens once, garbage every time.
            for (int round = 0; round < 6 && bytes != 0; round++) {
                long before = threadBean.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 1_000; i++) {
                    trial.run(i % 13 + 1);
                }
                bytes = threadBean.getCurrentThreadAllocatedBytes() - before;
            }
            assertThat(bytes).isZero();
        }
    }

    @ParameterizedTest
    @EnumSource(value = DType.class, names = {"F32", "F16", "BF16", "F64"})
    void packsWeightsOfEveryType(DType type) {
        for (InstructionSet set : InstructionSet.values()) {
            try (Backend backend = opener(Precision.F32, 1, set).get();
                    Arena arena = backend.newArena();
                    ExecutionContext context = backend.newContext()) {
                // Values that every type has, the smallest of f16 and zero among them.
                double[] values = {0, -1.5, 0x1p-14, 0x1p-24, 240, -0.0078125, 3};
                Tensor weight = arena.allocate(type, values.length, 1);
                for (int i = 0; i < values.length; i++) {
                    weight.set(i, values[i]);
                }
                Tensor x = arena.allocate(DType.F32, 1, 1);
                x.set(0, 1);
                Tensor out = arena.allocate(DType.F32, 1, values.length);
                Linear linear = backend.linear(arena, weight, null, Activation.NONE);
                linear.run(context, x, 1, out);
                for (int i = 0; i < values.length; i++) {
                    assertThat(out.get(i)).as(set + " " + i).isEqualTo(values[i]);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(value = Precision.class, names = {"F32", "BF16", "INT8"})
    void whatIsNoNumberIsNotLost(Precision precision) {
        try (Backend backend = opener(precision, 1, InstructionSet.AVX512VNNI).get();
                Arena arena = backend.newArena();
                ExecutionContext context = backend.newContext()) {
            Tensor weight = arena.allocate(DType.F32, 5, 40);
            for (int i = 0; i < weight.elements(); i++) {
                weight.set(i, 1);
            }
            Linear linear = backend.linear(arena, weight, arena.allocate(DType.F32, 5), Activation.QUICK_GELU);
            Tensor x = arena.allocate(DType.F32, 3, 40);
            x.set(1, 37, Double.NaN);
            Tensor out = arena.allocate(DType.F32, 3, 5);
            linear.run(context, x, 3, out);
            for (int column = 0; column < 5; column++) {
                assertThat(out.get(0, column)).isZero();
                assertThat(out.get(1, column)).isNaN();
                assertThat(out.get(2, column)).isZero();
            }
        }
    }

    @Test
    void refusesWhatItDoesNotOffer() {
        assertThatThrownBy(() -> new SimdBackendProvider().open(new BackendOptions(1, Precision.F16)))
                .isInstanceOf(BackendException.class).hasMessageContainingAll("simd", "asked=f16", "offered=[f32",
                        "choose one");
    }

    @Test
    void namesTheInstructionSetsWhenOneIsUnknown() {
        assertThat(InstructionSet.parse("AVX2")).isEqualTo(InstructionSet.AVX2);
        assertThatThrownBy(() -> InstructionSet.parse("sse9")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("CLIP4J_MAX_ISA", "actual=sse9", "baseline,avx2,avx512,avx512vnni");
    }
}
