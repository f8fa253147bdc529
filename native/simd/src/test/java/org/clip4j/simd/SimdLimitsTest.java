package org.clip4j.simd;

import static org.assertj.core.api.Assertions.assertThat;

import org.clip4j.kernels.DType;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.ProcessorLimits;
import org.junit.jupiter.api.Test;

class SimdLimitsTest {
    @Test
    void readsEveryValueAndMultiplies() {
        BuiltLibrary.require();
        ProcessorLimits limits = ProcessorLimits.find().orElseThrow();
        Tensor values = Tensor.allocate(DType.F32, 4, 256);
        for (int i = 0; i < values.elements(); i++) {
            values.set(i, i % 7);
        }
        float sum = 0;
        for (int i = 0; i < values.elements(); i++) {
            sum += values.floats().get(i);
        }
        // Whole numbers: exact in any order.
        assertThat(limits.read(values)).isEqualTo(sum);
        assertThat(limits.roundOperations()).isPositive();
        // Every sum has come to its fixed point.
        assertThat(limits.multiply(1000)).isEqualTo(limits.roundOperations() / 2f);
    }
}
