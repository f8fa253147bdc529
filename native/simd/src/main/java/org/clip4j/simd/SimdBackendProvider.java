package org.clip4j.simd;

import org.bytedeco.javacpp.Loader;
import org.clip4j.javacpp.CpuLibraryProvider;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Precision;
import org.clip4j.kernels.Probe;
import org.clip4j.kernels.cpu.CpuBackend;

/** Offers layers in C++ of our own: weights packed for the processor at hand, in f32, bf16 and int8. */
public final class SimdBackendProvider extends CpuLibraryProvider {
    /** The backend's name. */
    public static final String NAME = "simd";

    /** For the service loader. */
    public SimdBackendProvider() {
        super(NAME, "the library");
    }

    @Override
    public int rank() {
        // OpenBLAS has 50, oneDNN up to 45. Measured with AVX2 only; elsewhere those that have been measured come first.
        return probe().usable() && SimdLibrary.name(kernels()).equals("avx2") ? 60 : 42;
    }

    @Override
    protected Probe load() {
        if (!SimdLibrary.isBuilt()) {
            return Probe.unusable("its library was not built for " + Loader.getPlatform()
                    + "; on Linux and macOS install g++ or clang++ and build again", null);
        }
        NativeLibraries.load(SimdLibrary.class);
        try {
            return Probe.usable(describe(kernels()), Precision.F32, Precision.BF16, Precision.INT8);
        } catch (IllegalArgumentException e) {
            return Probe.unusable(e.getMessage(), e); // of the variable that names the instruction set
        }
    }

    @Override
    protected Backend open(BackendOptions options, String description) {
        return open(options, InstructionSet.allowed());
    }

    /** Opens a backend that goes no further than an instruction set; the library is loaded. */
    static Backend open(BackendOptions options, InstructionSet most) {
        long kernels = SimdLibrary.kernels(most.level());
        SimdEngine engine = new SimdEngine(kernels, options.precision(), describe(kernels));
        return new CpuBackend(NAME, engine, new SimdRowKernels(kernels), options);
    }

    /** The fastest kernels that processor and user allow; the library is loaded. */
    static long kernels() {
        return SimdLibrary.kernels(InstructionSet.allowed().level());
    }

    private static String describe(long kernels) {
        return "layers in C++ for " + SimdLibrary.name(kernels)
                + " (bf16: weights halved, computed in f32; int8: weights of 8 bits, inputs of 16)";
    }
}
