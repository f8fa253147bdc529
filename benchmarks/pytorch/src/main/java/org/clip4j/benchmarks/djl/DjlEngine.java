package org.clip4j.benchmarks.djl;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.JniUtils;
import java.nio.file.Path;

/**
 * PyTorch in DJL, on libraries that the build has unpacked. Left alone DJL downloads libraries at run time and keeps
 * them in the user's home; here it asks no network and writes, below {@code target}, its own binding only.
 */
final class DjlEngine {
    /** System property: folder of PyTorch's libraries, told by {@code benchmarks/run}. */
    static final String LIBRARIES_PROPERTY = "clip4j.benchmarks.libtorch";
    /** Of the libraries in that folder; {@code pytorch.version} of the pom. */
    private static final String PYTORCH_VERSION = "2.7.1";
    private static final String NAME = "PyTorch";

    private DjlEngine() {}

    /** Loads it once, and sets the number of threads inside an operation. */
    static Engine withThreads(int threads) {
        Engine engine = loaded();
        JniUtils.setNumThreads(threads);
        return engine;
    }

    private static Engine loaded() {
        String libraries = System.getProperty(LIBRARIES_PROPERTY);
        if (libraries == null) {
            throw new IllegalStateException("the folder of PyTorch's libraries is not set: " + LIBRARIES_PROPERTY
                    + "; start the comparison by: benchmarks/run peers");
        }
        System.setProperty("PYTORCH_LIBRARY_PATH", libraries);
        System.setProperty("PYTORCH_VERSION", PYTORCH_VERSION);
        System.setProperty("PYTORCH_FLAVOR", "cpu"); // else it looks for cards
        System.setProperty("ENGINE_CACHE_DIR", Path.of(libraries).resolveSibling("djl").toString());
        System.setProperty("ai.djl.offline", "true");
        System.setProperty("OPT_OUT_TRACKING", "true"); // DJL tells its makers about its use, else
        System.setProperty("ai.djl.pytorch.num_interop_threads", "1");
        return Engine.getEngine(NAME);
    }

    /** Versions of both; loads nothing. */
    static String description() {
        return "DJL " + Engine.getDjlVersion() + " with PyTorch " + PYTORCH_VERSION;
    }
}
