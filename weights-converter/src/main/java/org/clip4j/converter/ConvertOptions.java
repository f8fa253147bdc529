package org.clip4j.converter;

import java.nio.file.Path;
import java.util.Optional;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.DType;

/**
 * What the user chose.
 *
 * @param vocab merges as OpenAI publishes them, plain or gzip; empty: those beside the checkpoint, if any
 * @param dtype F32, F16 or BF16 for all weights; empty: each as in the source (F64 becomes F32)
 * @param activation QUICK_GELU or GELU, whatever the checkpoint says; empty: what it says
 */
public record ConvertOptions(Optional<Path> vocab, Optional<DType> dtype, Optional<Activation> activation) {
    /** Nothing chosen. */
    public static final ConvertOptions DEFAULTS = new ConvertOptions(Optional.empty(), Optional.empty(),
            Optional.empty());

    /** Checks the choices. */
    public ConvertOptions {
        if (dtype.isPresent() && (!dtype.get().isFloatingPoint() || dtype.get() == DType.F64)) {
            throw new IllegalArgumentException("weights cannot be of this type: dtype=" + dtype.get()
                    + " expected=[F32, F16, BF16]");
        }
        if (activation.isPresent() && activation.get() != Activation.QUICK_GELU
                && activation.get() != Activation.GELU) {
            throw new IllegalArgumentException("CLIP has no such activation: activation=" + activation.get()
                    + " expected=[QUICK_GELU, GELU]");
        }
    }
}
