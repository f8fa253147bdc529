package org.clip4j.simd;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import org.clip4j.kernels.Probe;

/** Whether there is a library to test: a build without a C++ compiler has none. */
final class BuiltLibrary {
    private BuiltLibrary() {}

    static void require() {
        boolean built = SimdLibrary.isBuilt();
        if (!built) {
            System.out.println("skipped: the library was not built, as there is no C++ compiler");
        }
        assumeTrue(built, "the library was not built, as there is no C++ compiler");
        Probe probe = new SimdBackendProvider().probe();
        if (!probe.usable()) {
            throw new IllegalStateException(probe.detail(), probe.cause());
        }
    }
}
