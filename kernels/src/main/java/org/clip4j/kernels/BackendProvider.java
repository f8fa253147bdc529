package org.clip4j.kernels;

/** What a module registers with {@link java.util.ServiceLoader} to offer a backend. */
public interface BackendProvider {
    /** Short name, as given to {@code --backend}. */
    String name();

    /** The device that it runs on, as given to {@code --device}: {@code cpu} or {@code cuda}. */
    String device();

    /** {@code auto} takes the usable backend with the highest rank of the device. */
    int rank();

    /** Whether the backend can run here. Loads what must be loaded, and may take a second the first time. */
    Probe probe();

    /** The same, and what is known of libraries that only some operations use; for people, since that takes longer. */
    default Probe probeFully() {
        return probe();
    }

    /**
     * Opens the backend.
     *
     * @throws BackendException when the probe would say that it is not usable, or the precision is not offered
     */
    Backend open(BackendOptions options);
}
