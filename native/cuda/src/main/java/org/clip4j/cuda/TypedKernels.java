package org.clip4j.cuda;

import java.util.EnumMap;
import java.util.Map;
import java.util.function.Function;

/** The instances of one kernel for the element types of its input. Immutable. */
final class TypedKernels {
    private final Map<ElementType, Kernel> kernels = new EnumMap<>(ElementType.class);

    /**
     * Loads them.
     *
     * @param name of the instance for a type; null where there is none
     */
    TypedKernels(CudaDevice cuda, Function<ElementType, String> name) {
        for (ElementType type : ElementType.values()) {
            String wanted = name.apply(type);
            if (wanted != null) {
                kernels.put(type, cuda.kernel(wanted));
            }
        }
    }

    /** All three, of a kernel whose names end with the type. */
    static TypedKernels all(CudaDevice cuda, String prefix) {
        return new TypedKernels(cuda, type -> prefix + type.label());
    }

    /** The instance for a type, or null. */
    Kernel find(ElementType type) {
        return kernels.get(type);
    }

    /**
     * The instance for a type.
     *
     * @throws IllegalArgumentException when there is none
     */
    Kernel get(ElementType type) {
        Kernel kernel = kernels.get(type);
        if (kernel == null) {
            throw new IllegalArgumentException("no kernel takes operands of this type: type=" + type.label()
                    + " kernels=" + kernels.values().stream().map(Kernel::name).toList());
        }
        return kernel;
    }
}
