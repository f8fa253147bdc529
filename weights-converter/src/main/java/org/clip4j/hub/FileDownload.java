package org.clip4j.hub;

import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Brings one file here: into a partial file beside its place, which later attempts go on with, and, once length and
 * hash are right, under its name. The caller holds a lock that keeps all others from the partial file. For one thread.
 */
final class FileDownload {
    /** The end of a partial file's name. Not huggingface_hub's: two programs must not append to one file. */
    static final String PARTIAL = ".clip4j.incomplete";

    private static final int MAX_CORRUPT = 2;
    private static final Duration STALL_LIMIT = Duration.ofSeconds(60);
    private static final Pattern CONTENT_RANGE = Pattern.compile("bytes (\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");

    private final HubClient client;
    private final Pauses pauses;
    private final PullListener listener;

    /**
     * What is to be fetched.
     *
     * @param name for people
     * @param address where it is
     * @param sizeBytes its length, negative when unknown
     * @param checksum its hash, if that is known
     */
    record Wanted(String name, URI address, long sizeBytes, Optional<Checksum> checksum) {
        private String where() {
            return "file=" + name + " address=" + HttpAddress.shown(address);
        }
    }

    FileDownload(HubClient client, Pauses pauses, PullListener listener) {
        this.client = client;
        this.pauses = pauses;
        this.listener = listener;
    }

    /** Fetches to {@code target}, which is there and whole when this returns. */
    void fetch(Wanted wanted, Path target) throws IOException {
        Files.createDirectories(target.toAbsolutePath().getParent());
        Path partial = target.resolveSibling(target.getFileName() + PARTIAL);
        Retries retries = new Retries(pauses, listener);
        long furthest = sizeOf(partial);
        for (int corrupt = 0;;) {
            try {
                transfer(wanted, partial);
                verify(wanted, partial);
                move(partial, target);
                Files.deleteIfExists(validatorFile(partial));
                return;
            } catch (CorruptException e) {
                discard(partial);
                furthest = 0;
                corrupt++;
                if (corrupt == MAX_CORRUPT) {
                    throw HubException.failure(e.getMessage() + " attempts=" + corrupt + "; nothing was kept", e);
                }
                listener.note(e.getMessage() + "; fetching it again");
            } catch (TransientException e) {
                if (sizeOf(partial) > furthest) {
                    furthest = sizeOf(partial);
                    retries.progressed();
                }
                retries.pauseAfter(e);
            }
        }
    }

    private void transfer(Wanted wanted, Path partial) throws IOException {
        Optional<String> validator = validator(partial);
        long have = sizeOf(partial);
        boolean usable = validator.isPresent() || wanted.checksum().isPresent();
        if (have > 0 && (!usable || (wanted.sizeBytes() >= 0 && have > wanted.sizeBytes()))) {
            discard(partial);
            have = 0;
        }
        if (have > 0 && have == wanted.sizeBytes()) {
            return;
        }
        Map<String, String> headers = new HashMap<>();
        if (have > 0) {
            headers.put("Range", "bytes=" + have + "-");
            validator.ifPresent(etag -> headers.put("If-Range", etag));
        }
        try (HubClient.Answer answer = client.get(wanted.address(), headers)) {
            if (answer.status() == 416) {
                refuseUnlessWhole(wanted, partial, have);
                return;
            }
            long offset = answer.status() == 206 ? offset(answer, have, wanted) : 0;
            receive(answer, wanted, partial, offset);
        }
    }

    /** A server that has nothing behind what is here: either all of it is, or it is something else. */
    private static void refuseUnlessWhole(Wanted wanted, Path partial, long have) throws IOException {
        boolean whole = have > 0 && wanted.sizeBytes() < 0 && wanted.checksum().isPresent()
                && wanted.checksum().get().differing(partial, PullListener.NONE.begin("")).isEmpty();
        if (!whole) {
            throw new CorruptException("server has not as much as was fetched before: " + wanted.where()
                    + " expectedBytes=" + wanted.sizeBytes() + " actualBytes=" + have);
        }
    }

    /** Where a partial answer begins, which must be where the partial file ends. */
    private static long offset(HubClient.Answer answer, long have, Wanted wanted) throws IOException {
        String range = answer.header("Content-Range").orElse("none");
        Matcher parts = CONTENT_RANGE.matcher(range);
        boolean fits = have > 0 && parts.matches() && Long.parseLong(parts.group(1)) == have
                && (parts.group(3).equals("*") || wanted.sizeBytes() < 0
                        || Long.parseLong(parts.group(3)) == wanted.sizeBytes());
        if (!fits) {
            throw new CorruptException("server sends another part than was asked for: " + wanted.where()
                    + " expectedOffsetBytes=" + have + " contentRange=" + range);
        }
        return have;
    }

    private void receive(HubClient.Answer answer, Wanted wanted, Path partial, long offset) throws IOException {
        long announced = answer.headers().firstValueAsLong("Content-Length").orElse(-1);
        if (announced >= 0 && wanted.sizeBytes() >= 0 && offset + announced != wanted.sizeBytes()) {
            throw new CorruptException("server announces another length: " + wanted.where() + " expectedBytes="
                    + wanted.sizeBytes() + " actualBytes=" + (offset + announced));
        }
        if (offset == 0) {
            keepValidator(answer, partial);
        }
        long total = wanted.sizeBytes() >= 0 ? wanted.sizeBytes() : announced < 0 ? -1 : offset + announced;
        try (FileChannel out = FileChannel.open(partial, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                StallGuard guard = new StallGuard(answer.body(), STALL_LIMIT);
                PullListener.Task task = listener.begin(wanted.name())) {
            out.truncate(offset);
            out.position(offset);
            copy(new Source(answer.body(), guard, answer.address()), out, wanted, offset, total, task);
            out.force(false);
        }
        long received = Files.size(partial);
        if (total >= 0 && received < total) {
            throw new TransientException("connection ended early: " + wanted.where() + " expectedBytes=" + total
                    + " actualBytes=" + received);
        }
    }

    /** Reads from a server; every failure to do so may be a passing one. */
    private record Source(InputStream body, StallGuard guard, URI address) {
        int read(byte[] buffer) throws IOException {
            try {
                int count = body.read(buffer);
                guard.alive();
                return count;
            } catch (IOException e) {
                throw HubClient.unreachable(address,
                        e instanceof EOFException ? new IOException("connection ended", e) : e);
            }
        }
    }

    private static void copy(Source source, FileChannel out, Wanted wanted, long offset, long total,
            PullListener.Task task) throws IOException {
        byte[] buffer = new byte[1 << 16];
        long done = offset;
        task.progress(done, total);
        for (int count = source.read(buffer); count >= 0; count = source.read(buffer)) {
            done += count;
            if (total >= 0 && done > total) {
                throw new CorruptException("server sends more than it announced: " + wanted.where() + " expectedBytes="
                        + total);
            }
            ByteBuffer bytes = ByteBuffer.wrap(buffer, 0, count);
            while (bytes.hasRemaining()) {
                out.write(bytes);
            }
            task.progress(done, total);
        }
    }

    private void verify(Wanted wanted, Path partial) throws IOException {
        if (wanted.checksum().isEmpty()) {
            return;
        }
        Checksum checksum = wanted.checksum().get();
        try (PullListener.Task task = listener.begin("check " + wanted.name())) {
            Optional<String> actual = checksum.differing(partial, task);
            if (actual.isPresent()) {
                throw new CorruptException("file has another hash than was published: " + wanted.where()
                        + " algorithm=" + checksum.algorithm() + " expected=" + checksum.hex() + " actual="
                        + actual.get());
            }
        }
    }

    static void move(Path from, Path to) throws IOException {
        try {
            Files.move(from, to, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (AtomicMoveNotSupportedException e) {
            Files.move(from, to, StandardCopyOption.REPLACE_EXISTING);
        }
    }

    private static long sizeOf(Path file) throws IOException {
        return Files.exists(file) ? Files.size(file) : 0;
    }

    private static void discard(Path partial) throws IOException {
        Files.deleteIfExists(partial);
        Files.deleteIfExists(validatorFile(partial));
    }

    /** Beside a partial file: the entity tag that the server gave it, for If-Range. */
    private static Path validatorFile(Path partial) {
        return partial.resolveSibling(partial.getFileName() + ".etag");
    }

    private static Optional<String> validator(Path partial) throws IOException {
        Path file = validatorFile(partial);
        if (!Files.exists(file)) {
            return Optional.empty();
        }
        String etag = new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
        return isStrong(etag) ? Optional.of(etag) : Optional.empty();
    }

    private static void keepValidator(HubClient.Answer answer, Path partial) throws IOException {
        String etag = answer.header("ETag").orElse("");
        if (isStrong(etag)) {
            Files.writeString(validatorFile(partial), etag);
        } else {
            Files.deleteIfExists(validatorFile(partial));
        }
    }

    /** RFC 9110 section 8.8.3: in quotes, and without the mark of a weak one, which If-Range does not take. */
    private static boolean isStrong(String etag) {
        return etag.matches("\"[\\x21\\x23-\\x7e]{0,200}\"");
    }
}
