package org.clip4j.simd;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.clip4j.kernels.BackendException;
import org.clip4j.kernels.Probe;
import org.clip4j.kernels.ThreadAffinity;

/** Linux's sched_setaffinity through the library; see src/main/cpp/affinity.h. */
public final class SimdThreadAffinity implements ThreadAffinity {
    @Override
    public Optional<String> obstacle() {
        String system = System.getProperty("os.name");
        if (!system.toLowerCase(Locale.ROOT).startsWith("linux")) {
            return Optional.of(system + " is not told where threads run; do not pin them");
        }
        Probe library = new SimdBackendProvider().probe();
        return library.usable() ? Optional.empty() : Optional.of("module simd: " + library.detail());
    }

    @Override
    public int[] granted() {
        return known(true);
    }

    @Override
    public int[] processors() {
        return known(false);
    }

    private int[] known(boolean firstThread) {
        requireNoObstacle();
        int[] processors = SimdLibrary.affinity(firstThread);
        if (processors.length == 0) {
            throw new BackendException("threads cannot be pinned here: the system does not say which processors they"
                    + " may run on; do not pin them", null);
        }
        return processors;
    }

    @Override
    public void bind(int... processors) {
        requireNoObstacle();
        int error = processors.length == 0 ? 0 : SimdLibrary.bindThread(processors);
        if (processors.length == 0 || error != 0) {
            throw new BackendException("a thread cannot be bound: function=sched_setaffinity error=" + error
                    + " processors=" + Arrays.toString(processors) + "; choose some of those granted", null);
        }
    }

    private void requireNoObstacle() {
        Optional<String> obstacle = obstacle();
        if (obstacle.isPresent()) {
            throw new BackendException("threads cannot be pinned here: " + obstacle.get(), null);
        }
    }
}
