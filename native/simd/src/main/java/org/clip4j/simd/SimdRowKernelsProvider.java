package org.clip4j.simd;

import java.util.Optional;
import org.clip4j.kernels.cpu.RowKernels;
import org.clip4j.kernels.cpu.RowKernelsProvider;

/** Offers the library's row kernels to all native backends; why they cannot run is what the backend's probe says. */
public final class SimdRowKernelsProvider implements RowKernelsProvider {
    @Override
    public Optional<RowKernels> find() {
        return new SimdBackendProvider().probe().usable()
                ? Optional.of(new SimdRowKernels(SimdBackendProvider.kernels()))
                : Optional.empty();
    }
}
