package org.clip4j.kernels.cpu;

import java.util.Optional;
import java.util.ServiceLoader;

/** Offers row kernels that native backends share; a native module registers one with ServiceLoader. Stateless. */
public interface RowKernelsProvider {
    /** Its kernels, or nothing when they cannot run here. */
    Optional<RowKernels> find();

    /** The first that can run here, else plain Java. The tensors that they are given have native addresses. */
    static RowKernels fastest() {
        for (RowKernelsProvider provider : ServiceLoader.load(RowKernelsProvider.class,
                RowKernelsProvider.class.getClassLoader())) {
            Optional<RowKernels> found = provider.find();
            if (found.isPresent()) {
                return found.get();
            }
        }
        return new JavaRowKernels();
    }
}
