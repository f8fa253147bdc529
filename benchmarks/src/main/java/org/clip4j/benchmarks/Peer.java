package org.clip4j.benchmarks;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * A runtime that ours is compared with. Found by {@link ServiceLoader}, so that one with large libraries can stand in a
 * module of its own. Stateless.
 */
public interface Peer {
    /** As in {@link PeerBenchmark#runtime}: lower case, no blanks. */
    String name();

    /** For tables. */
    String title();

    /** Title, version, and what it computes with. */
    String description();

    /**
     * Loads the tower that the input needs, from the bytes of our own model file.
     *
     * @param precision as in {@link PeerBenchmark#theirPrecision}
     * @param threads of a call
     * @throws IllegalArgumentException when it has no such precision, or no such tower
     */
    Encoder open(Path modelFile, EncoderInput input, String precision, int threads);

    /** Those on the class path. */
    static List<Peer> all() {
        return ServiceLoader.load(Peer.class).stream().map(ServiceLoader.Provider::get).toList();
    }

    /** The one of that name, if it is on the class path. */
    static Optional<Peer> named(String name) {
        return all().stream().filter(peer -> peer.name().equals(name)).findFirst();
    }
}
