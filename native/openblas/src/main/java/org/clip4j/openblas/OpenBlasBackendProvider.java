package org.clip4j.openblas;

import org.bytedeco.openblas.global.openblas_nolapack;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.javacpp.NativeLibraryException;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.RowKernelsProvider;

/** Offers OpenBLAS: runs on every CPU, in f32. */
public final class OpenBlasBackendProvider implements BackendProvider {
    /** The backend's name. */
    public static final String NAME = "openblas";

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
        return 50;
    }

    @Override
    public Probe probe() {
        try {
            NativeLibraries.load(openblas_nolapack.class);
            // One thread per call of the library; called here because it also proves that the library answers.
            org.bytedeco.openblas.presets.openblas_nolapack.blas_set_num_threads(1);
            return Probe.usable(describe(), Precision.F32);
        } catch (NativeLibraryException e) {
            return Probe.unusable(e.getMessage(), e);
        } catch (LinkageError e) {
            return Probe.unusable("OpenBLAS cannot be loaded: " + e.getMessage(), e);
        }
    }

    @Override
    public Backend open(BackendOptions options) {
        Probe probe = probe();
        if (!probe.usable()) {
            throw new BackendException("backend 'openblas' cannot be used: " + probe.detail(), probe.cause());
        }
        if (options.precision() != Precision.F32) {
            throw new BackendException("backend 'openblas' offers precision f32 only: asked="
                    + options.precision().label(), null);
        }
        return new CpuBackend(NAME, new OpenBlasEngine(probe.detail()), RowKernelsProvider.fastest(),
                options);
    }

    private static String describe() {
        String version = openblas_nolapack.class.getPackage().getImplementationVersion();
        return "OpenBLAS" + (version == null ? "" : " " + version) + " through JavaCPP";
    }
}
