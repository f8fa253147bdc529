package org.clip4j.kernels.cpu;

import java.util.Optional;
import java.util.ServiceLoader;
import org.clip4j.kernels.Tensor;

/**
 * Loops that only read, or only multiply and add: what a processor can do at most, for benchmarks to compare kernels with. A
 * native module registers one with ServiceLoader. Thread-safe; each call runs on the calling thread alone.
 */
public interface ProcessorLimits {
    /** Whether the loops can run here. */
    boolean usable();

    /**
     * Reads all values.
     *
     * @param values F32, in direct memory
     * @return their sum, roughly
     */
    float read(Tensor values);

    /**
     * Multiplies and adds in f32, with as many sums in vector registers as keep all units busy.
     *
     * @return a sum, which means nothing
     */
    float multiply(long rounds);

    /** Operations of a round of {@link #multiply}, a product and an addition being two. */
    long roundOperations();

    /** The first that can run here. */
    static Optional<ProcessorLimits> find() {
        return ServiceLoader.load(ProcessorLimits.class, ProcessorLimits.class.getClassLoader()).stream()
                .map(ServiceLoader.Provider::get).filter(ProcessorLimits::usable).findFirst();
    }
}
