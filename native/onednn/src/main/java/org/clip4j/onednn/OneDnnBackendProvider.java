package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.javacpp.NativeLibraryException;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import org.clip4j.kernels.cpu.CpuBackend;

/** Offers oneDNN: weights packed for the processor at hand, in f32. */
public final class OneDnnBackendProvider implements BackendProvider {
    /** The backend's name. */
    public static final String NAME = "onednn";

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
        // Elsewhere the library has no fast f32 product of its own; OpenBLAS has 50.
        return System.getProperty("os.arch").equals("amd64") ? 60 : 40;
    }

    @Override
    public Probe probe() {
        try {
            NativeLibraries.load(dnnl.class);
            if (OpenMpThreads.find() == null) {
                return Probe
                        .unusable("oneDNN's OpenMP library cannot be told to use one thread: omp_set_num_threads not"
                                + " found; choose --backend openblas", null);
            }
            return Probe.usable(describe(), Precision.F32);
        } catch (NativeLibraryException e) {
            return Probe.unusable(e.getMessage(), e);
        } catch (LinkageError e) {
            return Probe.unusable("oneDNN cannot be loaded: " + e.getMessage(), e);
        }
    }

    @Override
    public Backend open(BackendOptions options) {
        Probe probe = probe();
        if (!probe.usable()) {
            throw new BackendException("backend 'onednn' cannot be used: " + probe.detail(), probe.cause());
        }
        if (!probe.precisions().contains(options.precision())) {
            throw new BackendException("backend 'onednn' offers precision f32 only: asked="
                    + options.precision().label(), null);
        }
        return new CpuBackend(NAME, new OneDnnEngine(OpenMpThreads.find(), LayerForm.F32, probe.detail()),
                options.threads());
    }

    private static String describe() {
        dnnl_version_t version = dnnl_version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch() + " through JavaCPP, "
                + CpuIsa.name(dnnl_get_effective_cpu_isa()) + ", one OpenMP thread for each of ours";
    }
}
