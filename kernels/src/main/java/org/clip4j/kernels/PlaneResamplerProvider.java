package org.clip4j.kernels;

import java.util.Optional;
import java.util.ServiceLoader;

/** Offers a resampler that is faster than plain Java; a native module registers one with ServiceLoader. Stateless. */
public interface PlaneResamplerProvider {
    /** Values that an 8-bit sample can have. */
    int LEVELS = 256;

    /**
     * A resampler for one thread, or nothing when there is none that can run here.
     *
     * @param size n, the edge of the result
     * @param levels [3, LEVELS], what each sample of red, green, blue becomes; copied
     */
    Optional<PlaneResampler> open(int size, float[] levels);

    /** The first that can run here, or nothing. The caller closes it. */
    static Optional<PlaneResampler> openFastest(int size, float[] levels) {
        for (PlaneResamplerProvider provider : ServiceLoader.load(PlaneResamplerProvider.class,
                PlaneResamplerProvider.class.getClassLoader())) {
            Optional<PlaneResampler> found = provider.open(size, levels);
            if (found.isPresent()) {
                return found;
            }
        }
        return Optional.empty();
    }
}
