package org.clip4j.cuda;

import static org.bytedeco.cuda.global.cudnn.cudnnGetVersion;

import org.bytedeco.cuda.global.cudnn;
import org.clip4j.javacpp.NativeLibraries;
import org.clip4j.javacpp.NativeLibraryException;

/**
 * cuDNN, which nothing needs: where it cannot be loaded, convolutions are gathered patches and a product.
 *
 * @param version of the library, 10000 * major + 100 * minor + patch (cudnn_version.h); 0 without it
 * @param missing why it cannot be used, and what to do; null when it can
 */
record CudnnLibrary(long version, String missing) {
    private static final int MAJOR = 10_000;
    private static final int MINOR = 100;

    /** Loads it, which takes a while the first time. The only place that a missing library shows at. */
    static CudnnLibrary load() {
        try {
            NativeLibraries.load(cudnn.class);
            return new CudnnLibrary(cudnnGetVersion(), null);
        } catch (NativeLibraryException e) {
            return new CudnnLibrary(0, LibraryAdvice.ofCudnn(e));
        } catch (LinkageError e) {
            return new CudnnLibrary(0, "its classes cannot be loaded: " + e.getMessage());
        }
    }

    boolean isUsable() {
        return missing == null;
    }

    /** For people: {@code cudnn 9.19.0}, or that and why it is not there. */
    String description() {
        return isUsable()
                ? "cudnn " + version / MAJOR + "." + version % MAJOR / MINOR + "." + version % MINOR
                : "without cudnn: " + missing;
    }
}
