package org.clip4j.cli;

import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.Set;
import org.clip4j.image.ImageDecoder;
import org.clip4j.kernels.Backends;

/**
 * Loads native libraries while the command line is being read: both take some 50 ms of one processor. What goes wrong is
 * said when the command itself asks for the libraries. Stateless.
 */
final class HeadStart {
    /** Commands that run a model. */
    private static final Set<String> COMMANDS = Set.of("demo", "embed", "similarity", "classify", "rank", "eval");

    private HeadStart() {}

    /** Returns at once; nothing is begun for commands that do without. */
    static void begin(List<String> args) {
        if (args.stream().anyMatch(COMMANDS::contains) && Runtime.getRuntime().availableProcessors() > 1) {
            Thread thread = new Thread(HeadStart::load, "native libraries");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static void load() {
        try {
            // Ranks are told once the library that they depend on is there.
            Backends.providers();
            ImageDecoder.create();
        } catch (RuntimeException | LinkageError | ServiceConfigurationError e) {
            // The command meets it too.
        }
    }
}
