package org.clip4j.cli;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Arrays;

/** Files that options name, checked before work begins, with messages that name the option. Stateless. */
final class InputFiles {
    private InputFiles() {}

    /** A path, which may not exist. */
    static Path path(String option, String file) {
        try {
            return Path.of(file);
        } catch (InvalidPathException e) {
            throw new InputException("not a path: " + option + " " + Console.brief(file) + " reason=" + e.getReason(),
                    e);
        }
    }

    /** Refuses a folder; null is fine. */
    static void refuseFolder(String option, Path file) {
        if (file != null && Files.isDirectory(file)) {
            throw new InputException("expected a file: " + option + " " + file + " actual=folder; name a file in it");
        }
    }

    /** Refuses that two options read standard input; each is a file, {@value Lines#STDIN} or null. */
    static void refuseSharedStdin(String... files) {
        if (Arrays.stream(files).filter(Lines.STDIN::equals).count() > 1) {
            throw new InputException(Console.STDIN_READ_TWICE);
        }
    }

    /** Makes a folder unless there is one. */
    static void createFolder(String option, Path folder) {
        if (Files.isDirectory(folder)) {
            return;
        }
        if (Files.exists(folder)) {
            throw new InputException(option + " is not a folder: file=" + folder + "; choose another name");
        }
        try {
            Files.createDirectories(folder);
        } catch (IOException e) {
            throw new InputException("the folder cannot be created: " + option + " " + folder + " reason="
                    + AtomicFile.reason(e) + "; choose another folder", e);
        }
    }
}
