package org.clip4j.kernels;

import java.util.List;
import java.util.Objects;

/**
 * Whether a backend can run here.
 *
 * @param usable true when it can
 * @param detail when usable, library, version and instruction set; else the reason and the remedy, one line
 * @param precisions what it offers; empty when not usable
 * @param cause what was thrown when it was tried, or null
 */
public record Probe(boolean usable, String detail, List<Precision> precisions, Throwable cause) {
    /** Takes a copy of the list. */
    public Probe {
        Objects.requireNonNull(detail, "detail");
        precisions = List.copyOf(precisions);
    }

    /** The backend can run. */
    public static Probe usable(String detail, Precision... precisions) {
        return new Probe(true, detail, List.of(precisions), null);
    }

    /** The backend cannot run. */
    public static Probe unusable(String reasonAndRemedy, Throwable cause) {
        return new Probe(false, reasonAndRemedy, List.of(), cause);
    }

    /**
     * Goes on only if the backend can run here in a precision.
     *
     * @param backend its name, for messages
     * @throws BackendException that says why it cannot
     */
    public void require(String backend, Precision precision) {
        if (!usable) {
            throw new BackendException("backend '" + backend + "' cannot be used: " + detail, cause);
        }
        if (!precisions.contains(precision)) {
            throw new BackendException("backend '" + backend + "' does not offer this precision here: asked="
                    + precision.label() + " offered=" + precisions.stream().map(Precision::label).toList()
                    + "; choose one of these", null);
        }
    }
}
