package org.clip4j.hub;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;

/**
 * Lets one thread of one process at a time do something. The file stays: deleting it would let two others hold locks
 * of the same name. A process that ends, by whatever means, lets go.
 */
final class CacheLock {
    private static final Duration POLL = Duration.ofMillis(50);

    private CacheLock() {}

    /** What is done while nobody else does the same. */
    interface Work<T> {
        T run() throws IOException;
    }

    /** Waits until nobody else holds the lock, telling once that it waits; works; lets go. */
    static <T> T holding(Path file, PullListener listener, Work<T> work) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        // Closing the channel lets go.
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
            boolean told = false;
            while (!tryLock(channel)) {
                if (!told) {
                    listener.note("waiting for another program that fetches the same: lock=" + file);
                    told = true;
                }
                Pauses.SLEEP.pause(POLL);
            }
            return work.run();
        }
    }

    private static boolean tryLock(FileChannel channel) throws IOException {
        try {
            FileLock lock = channel.tryLock();
            return lock != null;
        } catch (OverlappingFileLockException e) {
            // Another thread of this process.
            return false;
        }
    }
}
