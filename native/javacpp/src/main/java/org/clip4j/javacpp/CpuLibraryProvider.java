package org.clip4j.javacpp;

import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.BackendProvider;
import org.clip4j.kernels.Probe;

/**
 * Offers a backend of the processor that a native library computes for. What goes wrong while it is loaded is the probe's
 * answer, and nothing is opened that the probe does not offer. Stateless.
 */
public abstract class CpuLibraryProvider implements BackendProvider {
    private final String name;
    private final String library;

    /**
     * Names what is offered.
     *
     * @param name as given to {@code --backend}
     * @param library what messages call it
     */
    protected CpuLibraryProvider(String name, String library) {
        this.name = name;
        this.library = library;
    }

    @Override
    public final String name() {
        return name;
    }

    @Override
    public final String device() {
        return "cpu";
    }

    @Override
    public final Probe probe() {
        try {
            return load();
        } catch (NativeLibraryException e) {
            return Probe.unusable(e.getMessage(), e);
        } catch (LinkageError e) {
            return Probe.unusable(library + " cannot be loaded: " + e.getMessage(), e);
        }
    }

    @Override
    public final Backend open(BackendOptions options) {
        Probe probe = probe();
        probe.require(name, options.precision());
        return open(options, probe.detail());
    }

    /**
     * Loads the library, and asks it what it is and what it can do here.
     *
     * @throws NativeLibraryException when it cannot be loaded
     * @throws LinkageError likewise, from JavaCPP itself
     */
    protected abstract Probe load();

    /**
     * Opens the backend; the library is loaded and offers the precision.
     *
     * @param description the probe's
     */
    protected abstract Backend open(BackendOptions options, String description);
}
