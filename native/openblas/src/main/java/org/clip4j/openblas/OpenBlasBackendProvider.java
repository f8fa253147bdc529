package org.clip4j.openblas;

import org.bytedeco.openblas.global.openblas_nolapack;
import org.clip4j.javacpp.CpuLibraryProvider;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.RowKernelsProvider;

/** Offers OpenBLAS: runs on every CPU, in f32. */
public final class OpenBlasBackendProvider extends CpuLibraryProvider {
    /** The backend's name. */
    public static final String NAME = "openblas";

    /** For the service loader. */
    public OpenBlasBackendProvider() {
        super(NAME, "OpenBLAS");
    }

    @Override
    public int rank() {
        return 50;
    }

    @Override
    protected Probe load() {
        NativeLibraries.load(openblas_nolapack.class);
        // One thread per call of the library; called here because it also proves that the library answers.
        org.bytedeco.openblas.presets.openblas_nolapack.blas_set_num_threads(1);
        return Probe.usable(describe(), Precision.F32);
    }

    @Override
    protected Backend open(BackendOptions options, String description) {
        return new CpuBackend(NAME, new OpenBlasEngine(description), RowKernelsProvider.fastest(), options);
    }

    private static String describe() {
        String version = openblas_nolapack.class.getPackage().getImplementationVersion();
        return "OpenBLAS" + (version == null ? "" : " " + version) + " through JavaCPP";
    }
}
