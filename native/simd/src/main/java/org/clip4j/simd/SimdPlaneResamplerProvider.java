package org.clip4j.simd;

import java.util.Optional;
import org.clip4j.kernels.PlaneResampler;
import org.clip4j.kernels.PlaneResamplerProvider;

/** Offers the library's resampling; why it cannot run is what the backend's probe says. */
public final class SimdPlaneResamplerProvider implements PlaneResamplerProvider {
    @Override
    public Optional<PlaneResampler> open(int size, float[] levels) {
        return new SimdBackendProvider().probe().usable()
                ? Optional.of(new SimdPlaneResampler(SimdBackendProvider.kernels(), size, levels))
                : Optional.empty();
    }
}
