package org.clip4j.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;

/**
 * A file that appears whole or not at all: written to a temporary sibling, which takes the target's place in
 * {@link #commit}. Closing without a commit leaves the target as it was. For one thread.
 */
final class AtomicFile implements AutoCloseable {
    private final Path target;
    private final Path temporary;
    private final FileChannel channel;
    private boolean committed;

    private AtomicFile(Path target, Path temporary, FileChannel channel) {
        this.target = target;
        this.temporary = temporary;
        this.channel = channel;
    }

    /**
     * Starts a file.
     *
     * @throws InputException when the target cannot be a file, or its folder does not exist
     */
    static AtomicFile create(Path file) throws IOException {
        Path target = writable(file);
        Path folder = target.toAbsolutePath().getParent();
        Path temporary = folder.resolve("." + target.getFileName() + "."
                + Long.toHexString(ProcessHandle.current().pid()) + "-" + Long.toHexString(System.nanoTime())
                + ".part");
        try {
            FileChannel channel = FileChannel.open(temporary, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
            // For the case that the process is told to end meanwhile.
            temporary.toFile().deleteOnExit();
            return new AtomicFile(target, temporary, channel);
        } catch (FileSystemException e) {
            throw new InputException("cannot write the file: file=" + file + " reason=" + reason(e)
                    + "; choose another folder", e);
        }
    }

    /**
     * Where to write so that a link stays a link.
     *
     * @throws InputException when something that is no regular file has that name, or the folder does not exist
     */
    static Path writable(Path file) throws IOException {
        if (Files.exists(file)) {
            if (!Files.isRegularFile(file)) {
                throw new InputException("cannot write the file, something else has that name: file=" + file
                        + " actual=" + (Files.isDirectory(file) ? "folder" : "device or pipe"));
            }
            return file.toRealPath();
        }
        Path folder = file.toAbsolutePath().getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new InputException("cannot write the file, its folder does not exist: file=" + file);
        }
        return file;
    }

    /** Appends what lies between position and limit. */
    void append(ByteBuffer bytes) throws IOException {
        write(bytes, channel.position());
    }

    /** Writes at a position, for a header whose values are known at the end only. */
    void overwrite(ByteBuffer bytes, long position) throws IOException {
        long end = channel.position();
        write(bytes, position);
        channel.position(end);
    }

    private void write(ByteBuffer bytes, long position) throws IOException {
        try {
            channel.position(position);
            while (bytes.hasRemaining()) {
                channel.write(bytes);
            }
        } catch (IOException e) {
            throw new IOException("cannot write the file: file=" + target + " reason=" + reason(e)
                    + "; free some space or choose another folder", e);
        }
    }

    /** Puts the file in its place. */
    void commit() throws IOException {
        channel.close();
        Files.move(temporary, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        committed = true;
    }

    /** Why a file operation failed, in a few words. */
    static String reason(IOException e) {
        if (e instanceof NoSuchFileException) {
            return "no such file or folder";
        }
        if (e instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (e instanceof FileAlreadyExistsException) {
            return "a file of that name exists";
        }
        if (e instanceof FileSystemException f) {
            return f.getReason() == null ? e.getClass().getSimpleName() : f.getReason();
        }
        return e.getMessage();
    }

    @Override
    public void close() throws IOException {
        channel.close();
        if (!committed) {
            Files.deleteIfExists(temporary);
        }
    }
}
