package org.clip4j.clip;

import java.util.EnumSet;
import java.util.Set;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;

/**
 * How a model is loaded; immutable, each method returns a changed copy.
 *
 * @param device {@code cpu}, {@code cuda} or one of several cards such as {@code cuda:1}
 * @param backend a backend's name, or {@code auto} for the fastest usable one of the device
 * @param threads threads of one call, the caller's own included
 * @param precision of the matrix products, whatever the file's element types
 * @param towers to load
 * @param ftfy whether texts are repaired with ftfy's rules before they are tokenized, as openai/CLIP does
 * @param pooledSessions sessions behind {@link ClipModel#embed(org.clip4j.image.Image)} and its sisters
 * @param pinned whether the threads that the backend starts are bound to a processor each; for the caller's own there is
 *     {@link ClipModel#pinThread}
 */
public record LoadOptions(String device, String backend, int threads, Precision precision, Set<Tower> towers,
        boolean ftfy, int pooledSessions, boolean pinned) {
    /** Checks the values, copies the set. */
    public LoadOptions {
        towers = Set.copyOf(towers);
        if (towers.isEmpty()) {
            throw new IllegalArgumentException("a model is loaded with one tower at least: towers=[]");
        }
        if (threads < 1 || pooledSessions < 1) {
            throw new IllegalArgumentException(
                    "must be at least 1: threads=" + threads + " pooledSessions=" + pooledSessions);
        }
    }

    /** Both towers, on all processors granted, in f32. */
    public static LoadOptions defaults() {
        BackendOptions options = BackendOptions.defaults();
        return new LoadOptions("cpu", Backends.AUTO, options.threads(), options.precision(),
                EnumSet.allOf(Tower.class), true, 1, false);
    }

    /** With another device. */
    public LoadOptions withDevice(String newDevice) {
        return new LoadOptions(newDevice, backend, threads, precision, towers, ftfy, pooledSessions, pinned);
    }

    /** With another backend. */
    public LoadOptions withBackend(String newBackend) {
        return new LoadOptions(device, newBackend, threads, precision, towers, ftfy, pooledSessions, pinned);
    }

    /** With another number of threads. */
    public LoadOptions withThreads(int newThreads) {
        return new LoadOptions(device, backend, newThreads, precision, towers, ftfy, pooledSessions, pinned);
    }

    /** With another precision. */
    public LoadOptions withPrecision(Precision newPrecision) {
        return new LoadOptions(device, backend, threads, newPrecision, towers, ftfy, pooledSessions, pinned);
    }

    /** With these towers only. */
    public LoadOptions withTowers(Tower first, Tower... others) {
        return new LoadOptions(device, backend, threads, precision, EnumSet.of(first, others), ftfy, pooledSessions,
                pinned);
    }

    /** With ftfy's repairs or, to match Hugging Face's tokenizers, without. */
    public LoadOptions withFtfy(boolean enabled) {
        return new LoadOptions(device, backend, threads, precision, towers, enabled, pooledSessions, pinned);
    }

    /** With another number of sessions behind the model's own methods. */
    public LoadOptions withPooledSessions(int sessions) {
        return new LoadOptions(device, backend, threads, precision, towers, ftfy, sessions, pinned);
    }

    /** With threads that are bound to processors, or that the system may move. */
    public LoadOptions withPinned(boolean enabled) {
        return new LoadOptions(device, backend, threads, precision, towers, ftfy, pooledSessions, enabled);
    }
}
