package org.clip4j.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@EnabledOnOs(OS.LINUX)
class SimdMemoryTest {
    private static final int LARGE_FLOATS = (5 << 20) / Float.BYTES + 3;

    @BeforeEach
    void needsTheLibrary() {
        BuiltLibrary.require();
    }

    @Test
    void largeBlocksAreZeroedAndWhole() {
        try (Arena arena = new Arena(new SimdMemory())) {
            Tensor first = arena.allocate(DType.F32, LARGE_FLOATS);
            Tensor second = arena.allocate(DType.F32, LARGE_FLOATS);
            for (int i = 0; i < LARGE_FLOATS; i++) {
                assertThat(first.floats().get(i)).isZero();
                first.floats().put(i, i);
            }
            for (int i = 0; i < LARGE_FLOATS; i++) {
                assertThat(second.floats().get(i)).isZero();
            }
            assertThat(first.floats().get(LARGE_FLOATS - 1)).isEqualTo(LARGE_FLOATS - 1f);
            assertThat(first.address() % (2 << 20)).isZero();
        }
    }

    /** More than any address space holds, if blocks were not given back. */
    @Test
    void blocksAreGivenBack() {
        SimdMemory memory = new SimdMemory();
        for (int i = 0; i < 200_000; i++) {
            memory.allocate(1 << 30).release().run();
        }
        assertThat(memory.allocate(1 << 30).bytes().capacity()).isEqualTo(1 << 30);
    }
}
