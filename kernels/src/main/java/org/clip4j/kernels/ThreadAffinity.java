package org.clip4j.kernels;

import java.util.Optional;
import java.util.ServiceLoader;

/**
 * Which processors a thread may run on, by the numbers that the system gives them; a native module registers one with
 * ServiceLoader. Stateless, for any thread.
 */
public interface ThreadAffinity {
    /** Why threads cannot be bound here, with a remedy, in one line; nothing where they can. */
    Optional<String> obstacle();

    /**
     * Processors that the process was granted, ascending: those of its first thread, which Java leaves alone.
     *
     * @throws BackendException when there is an {@link #obstacle}
     */
    int[] granted();

    /**
     * Processors that the calling thread may run on, ascending.
     *
     * @throws BackendException when there is an {@link #obstacle}
     */
    int[] processors();

    /**
     * Lets the calling thread run on these only; so do threads that it starts from now on.
     *
     * @param processors one at least
     * @throws BackendException when there is an {@link #obstacle}, or the system refuses
     */
    void bind(int... processors);

    /** The first that can bind threads here; where there is none, one that says why. */
    static ThreadAffinity find() {
        String reason = "no module on the class path binds threads; add clip4j-native-simd";
        for (ThreadAffinity affinity : ServiceLoader.load(ThreadAffinity.class,
                ThreadAffinity.class.getClassLoader())) {
            Optional<String> obstacle = affinity.obstacle();
            if (obstacle.isEmpty()) {
                return affinity;
            }
            reason = obstacle.get();
        }
        return new NoAffinity(reason);
    }
}
