package org.clip4j.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.clip4j.hub.HubException;
import org.clip4j.image.ImageFormatException;
import org.clip4j.kernels.BackendException;

/** What the process ends with, and what is said about a failure. Stateless. */
final class ExitCodes {
    /** All is fine. */
    static final int OK = 0;
    /** The command failed although its input is good. */
    static final int FAILURE = 1;
    /** Arguments or files cannot be used. */
    static final int BAD_INPUT = 2;

    private ExitCodes() {}

    /** The exit code for what a command threw: files and values that the user gave are input. */
    static int of(Throwable thrown) {
        boolean network = thrown instanceof HubException hub && !hub.isInput();
        if (network || thrown instanceof Console.OutputClosedException || thrown instanceof BackendException) {
            return FAILURE;
        }
        boolean input = thrown instanceof InputException || thrown instanceof IOException
                || thrown instanceof UncheckedIOException || thrown instanceof ImageFormatException
                || thrown instanceof IllegalArgumentException;
        return input ? BAD_INPUT : FAILURE;
    }

    /** One line about what a command threw. */
    static String message(Throwable thrown) {
        if (thrown instanceof UncheckedIOException && thrown.getCause() instanceof FileSystemException e) {
            return message(e);
        }
        if (thrown instanceof NoSuchFileException missing) {
            return "file does not exist: file=" + missing.getFile();
        }
        if (thrown instanceof AccessDeniedException denied) {
            return "permission denied: file=" + denied.getFile();
        }
        if (thrown instanceof FileSystemException e) {
            return "file cannot be used: file=" + e.getFile() + " reason="
                    + (e.getReason() == null ? e.getClass().getSimpleName() : e.getReason());
        }
        if (thrown instanceof OutOfMemoryError && String.valueOf(thrown.getMessage()).contains("native thread")) {
            return "cannot start a thread: the system grants no more threads or memory; lower --threads";
        }
        if (thrown instanceof OutOfMemoryError) {
            String message = String.valueOf(thrown.getMessage());
            // Other memory than the heap is not Java's to give.
            boolean heap = message.startsWith("Java heap space") || message.startsWith("GC overhead");
            return "out of memory: " + message + (heap ? "; give more with CLIP4J_JAVA_OPTS=-Xmx2g" : "");
        }
        boolean expected = of(thrown) == BAD_INPUT || thrown instanceof BackendException
                || thrown instanceof UncheckedIOException || thrown instanceof HubException;
        return expected && thrown.getMessage() != null
                ? thrown.getMessage()
                : "internal error: " + thrown + "; set CLIP4J_DEBUG=1 to see where";
    }
}
