package org.clip4j.weights;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Deletes a temporary file when the program is ended (SIGTERM, SIGINT, System.exit) before its owner is done with it.
 * Nothing is left behind after {@link #close}, unlike with File.deleteOnExit. Thread-safe.
 */
final class ExitDeletion implements AutoCloseable {
    private final Thread hook;

    private ExitDeletion(Thread hook) {
        this.hook = hook;
    }

    /**
     * Call it before the file is made, so that there is no moment without a guard.
     *
     * @throws IOException when the program is ending already
     */
    static ExitDeletion of(Path temporary) throws IOException {
        Thread hook = new Thread(() -> delete(temporary), "delete " + temporary.getFileName());
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (IllegalStateException e) {
            throw new IOException("no file is begun while the program ends: file=" + temporary, e);
        }
        return new ExitDeletion(hook);
    }

    private static void delete(Path temporary) {
        try {
            Files.deleteIfExists(temporary);
        } catch (IOException e) {
            // To the thread's handler, which reports it: there is no caller.
            throw new UncheckedIOException("temporary file cannot be deleted: file=" + temporary, e);
        }
    }

    /** The file is gone or in its place. May be called again. */
    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // The program is ending: the hook runs, and finds no file.
            return;
        }
    }
}
