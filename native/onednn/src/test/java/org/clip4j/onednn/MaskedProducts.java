package org.clip4j.onednn;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.clip4j.kernels.Precision;

/** Run in another JVM: checks all precisions, and prints the instruction set and how many threads the library started. */
final class MaskedProducts {
    private MaskedProducts() {}

    public static void main(String[] arguments) throws IOException {
        OneDnnBackendProvider provider = new OneDnnBackendProvider();
        System.out.println("detail: " + provider.probe().detail());
        long threadsBefore = threadsOfThisName();
        for (Precision precision : provider.probe().precisions()) {
            OneDnnPrecisionTest.check(precision, 1);
            System.out.println("right: " + precision.label());
        }
        System.out.println("threads started: " + (threadsOfThisName() - threadsBefore));
    }

    /** A thread that the library starts has the name of the one that calls it: proc(5), /proc/pid/comm. */
    private static long threadsOfThisName() throws IOException {
        String own = Files.readString(Path.of("/proc/thread-self/comm"));
        List<Path> tasks;
        try (Stream<Path> all = Files.list(Path.of("/proc/self/task"))) {
            tasks = all.toList();
        }
        long count = 0;
        for (Path task : tasks) {
            count += Files.readString(task.resolve("comm")).equals(own) ? 1 : 0;
        }
        return count;
    }
}
