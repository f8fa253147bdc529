package org.clip4j.simd;

import org.clip4j.javacpp.NativeMemory;
import org.clip4j.kernels.Tensor;
import org.clip4j.kernels.cpu.ProcessorLimits;

/** The library's loops; see src/main/cpp/limits.h. */
public final class SimdLimits implements ProcessorLimits {
    @Override
    public boolean usable() {
        return new SimdBackendProvider().probe().usable();
    }

    @Override
    public float read(Tensor values) {
        long address = NativeMemory.withAddress(values).address();
        return SimdLibrary.readAll(SimdBackendProvider.kernels(), address, values.elements());
    }

    @Override
    public float multiply(long rounds) {
        return SimdLibrary.multiplyRounds(SimdBackendProvider.kernels(), rounds);
    }

    @Override
    public long roundOperations() {
        return SimdLibrary.roundOperations(SimdBackendProvider.kernels());
    }
}
