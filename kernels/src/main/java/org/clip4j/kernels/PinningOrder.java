package org.clip4j.kernels;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * In which order threads that work together take processors: one of each core first, since two on one core share its
 * arithmetic. Stateless.
 */
public final class PinningOrder {
    /** Files of Linux, {@code cpuN/topology/thread_siblings_list}. */
    private static final Path SYSTEM = Path.of("/sys/devices/system/cpu");

    private PinningOrder() {}

    /**
     * All processors that the process was granted.
     *
     * @throws BackendException when threads cannot be bound here
     */
    public static int[] granted() {
        return order(ThreadAffinity.find().granted(), SYSTEM);
    }

    /**
     * A processor for each of so many threads; the first is for the caller's own.
     *
     * @throws BackendException when threads cannot be bound here, or fewer processors were granted
     */
    public static int[] forThreads(int threads) {
        int[] granted = granted();
        if (threads > granted.length) {
            throw new BackendException("threads cannot be pinned, each needs a processor of its own: threads=" + threads
                    + " granted=" + granted.length + "; use fewer threads, or do not pin them", null);
        }
        return Arrays.copyOf(granted, threads);
    }

    /** Where the system does not say which processors are of one core, each is taken for one. */
    static int[] order(int[] granted, Path system) {
        Map<String, List<Integer>> byCore = new LinkedHashMap<>();
        for (int processor : granted) {
            byCore.computeIfAbsent(core(processor, system), core -> new ArrayList<>()).add(processor);
        }
        int[] ordered = new int[granted.length];
        int count = 0;
        for (int sibling = 0; count < ordered.length; sibling++) {
            for (List<Integer> core : byCore.values()) {
                if (sibling < core.size()) {
                    ordered[count++] = core.get(sibling);
                }
            }
        }
        return ordered;
    }

    private static String core(int processor, Path system) {
        try {
            return Files.readString(system.resolve("cpu" + processor + "/topology/thread_siblings_list")).strip();
        } catch (IOException e) {
            return String.valueOf(processor);
        }
    }
}
