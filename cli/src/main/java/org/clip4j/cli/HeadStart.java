package org.clip4j.cli;

import java.util.List;
import java.util.ServiceConfigurationError;
import java.util.Set;
import org.clip4j.clip.Preprocessing;
import org.clip4j.image.ImageDecoder;
import org.clip4j.kernels.Backends;

/**
 * Loads native libraries while the command line is being read, which takes some 150 ms of one processor, and, for commands
 * that take pictures, makes one an encoder's input while the model is loaded. What goes wrong is said when the command
 * itself does the same. Stateless.
 */
final class HeadStart {
    /** Commands that run a model. */
    private static final Set<String> COMMANDS = Set.of("demo", "embed", "similarity", "classify", "rank", "eval");

    /** Commands whose arguments are pictures; others name them by options. */
    private static final Set<String> OF_PICTURES = Set.of("classify", "rank");

    private HeadStart() {}

    /** Returns at once; nothing is begun for commands that do without. */
    static void begin(List<String> args) {
        if (args.stream().anyMatch(COMMANDS::contains) && Runtime.getRuntime().availableProcessors() > 1) {
            boolean images = args.stream()
                    .anyMatch(argument -> argument.startsWith("--image") || OF_PICTURES.contains(argument));
            Thread thread = new Thread(() -> load(images), "native libraries");
            thread.setDaemon(true);
            thread.start();
        }
    }

    private static void load(boolean images) {
        try {
            // Ranks are told once the library that they depend on is there.
            Backends.providers();
            ImageDecoder.create();
            if (images) {
                Preprocessing.warmUp();
            }
        } catch (RuntimeException | LinkageError | ServiceConfigurationError | OutOfMemoryError e) {
            // The command meets it too, or does without.
        }
    }
}
