package org.clip4j.kernels.cpu;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;

/** Offers plain Java matrix products: usable wherever Java is, slower than a native library. */
public final class JavaBackendProvider implements BackendProvider {
    /** The backend's name. */
    public static final String NAME = "java";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public String device() {
        return "cpu";
    }

    @Override
    public int rank() {
        return 10;
    }

    @Override
    public Probe probe() {
        return Probe.usable(new JavaMatrixEngine().description(), Precision.F32);
    }

    @Override
    public Backend open(BackendOptions options) {
        probe().require(name(), options.precision());
        return new CpuBackend(NAME, new JavaMatrixEngine(), new JavaRowKernels(), options);
    }
}
