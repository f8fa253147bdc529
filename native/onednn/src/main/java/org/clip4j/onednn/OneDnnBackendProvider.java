package org.clip4j.onednn;

import static org.bytedeco.dnnl.global.dnnl.dnnl_get_effective_cpu_isa;
import static org.bytedeco.dnnl.global.dnnl.dnnl_version;

import org.bytedeco.dnnl.dnnl_version_t;
import org.bytedeco.dnnl.global.dnnl;
import org.clip4j.javacpp.CpuLibraryProvider;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import org.clip4j.kernels.cpu.CpuBackend;
import org.clip4j.kernels.cpu.RowKernels;
import org.clip4j.kernels.cpu.RowKernelsProvider;

/** Offers oneDNN: weights packed for the processor at hand, in f32, bf16 and int8. */
public final class OneDnnBackendProvider extends CpuLibraryProvider {
    /** The backend's name. */
    public static final String NAME = "onednn";

    /** For the service loader. */
    public OneDnnBackendProvider() {
        super(NAME, "oneDNN");
    }

    @Override
    public int rank() {
        // OpenBLAS has 50: it maps f32 weights where this packs a copy of them, and starts sooner. Elsewhere than on x86-64 the
        // library has no fast f32 product of its own.
        return isX86() ? 45 : 40;
    }

    @Override
    protected Probe load() {
        NativeLibraries.load(dnnl.class);
        if (OpenMpThreads.find() == null) {
            return Probe.unusable("oneDNN's OpenMP library cannot be told to use one thread: omp_set_num_threads not"
                    + " found; choose --backend openblas", null);
        }
        return Probe.usable(describe(), precisions());
    }

    @Override
    protected Backend open(BackendOptions options, String description) {
        RowKernels rows = RowKernelsProvider.fastest();
        OneDnnEngine engine = new OneDnnEngine(OpenMpThreads.find(), form(options.precision()), rows, description);
        return new CpuBackend(NAME, engine, rows, options);
    }

    /** On other processors than x86-64 the library has no int8 product but its plain definition. */
    private static Precision[] precisions() {
        return isX86()
                ? new Precision[]{Precision.F32, Precision.BF16, Precision.INT8}
                : new Precision[]{Precision.F32, Precision.BF16};
    }

    private static boolean isX86() {
        return System.getProperty("os.arch").equals("amd64") || System.getProperty("os.arch").equals("x86_64");
    }

    private static LayerForm form(Precision precision) {
        return switch (precision) {
            case F32 -> LayerForm.F32;
            case BF16 -> CpuIsa.hasBf16Products(dnnl_get_effective_cpu_isa())
                    ? LayerForm.BF16
                    : LayerForm.BF16_ROUNDED;
            case INT8 -> LayerForm.INT8;
            case F16, TF32, FP8 -> throw new IllegalArgumentException("no layer is computed in " + precision);
        };
    }

    private static String describe() {
        dnnl_version_t version = dnnl_version();
        return "oneDNN " + version.major() + "." + version.minor() + "." + version.patch() + " through JavaCPP, "
                + CpuIsa.name(dnnl_get_effective_cpu_isa()) + ", one OpenMP thread for each of ours; "
                + CpuIsa.precisions(dnnl_get_effective_cpu_isa());
    }
}
