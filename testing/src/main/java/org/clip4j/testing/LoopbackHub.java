package org.clip4j.testing;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.clip4j.testing.LoopbackServer.Reply;
import org.clip4j.testing.LoopbackServer.Request;

/**
 * A hub of one repository, from a folder of files, on the loopback interface. Large files are served by a second
 * server, as the Hugging Face hub does: with a redirect that carries the file's hash and length. Thread-safe.
 */
public final class LoopbackHub implements AutoCloseable {
    /** The commit that all revisions are. */
    public static final String COMMIT = "0123456789abcdef0123456789abcdef01234567";

    private static final int LARGE_BYTES = 100_000;

    private final String id;
    private final Path folder;
    private final LoopbackServer hub;
    private final LoopbackServer store;

    /** Makes of the answer that is due another one. */
    public interface Fault {
        /** Never a fault. */
        Fault NONE = (request, due) -> due;

        /** What is answered instead. */
        Reply answer(Request request, Reply due) throws IOException;
    }

    private LoopbackHub(String id, Path folder, Fault hubFault, Fault storeFault) throws IOException {
        this.id = id;
        this.folder = folder;
        this.hub = LoopbackServer.start(request -> hubFault.answer(request, hub(request)));
        this.store = LoopbackServer.start(request -> storeFault.answer(request, stored(request)));
    }

    /** Starts both servers. */
    public static LoopbackHub start(String id, Path folder, Fault hubFault, Fault storeFault) throws IOException {
        return new LoopbackHub(id, folder, hubFault, storeFault);
    }

    /** What HF_ENDPOINT is to name. */
    public URI address() {
        return hub.address();
    }

    /** What the hub itself was asked. */
    public List<Request> hubRequests() {
        return hub.requests();
    }

    /** What the server of large files was asked. */
    public List<Request> storeRequests() {
        return store.requests();
    }

    private Reply hub(Request request) throws IOException {
        if (request.path().startsWith("/api/models/" + id + "/revision/")) {
            try (Stream<Path> files = Files.list(folder)) {
                List<Map<String, String>> siblings = files.sorted()
                        .map(file -> Map.of("rfilename", file.getFileName().toString())).toList();
                return Reply.of(200, JSON.std.asBytes(Map.of("id", id, "sha", COMMIT, "siblings", siblings)));
            }
        }
        String prefix = "/" + id + "/resolve/" + COMMIT + "/";
        Path file = folder.resolve(request.path().substring(request.path().lastIndexOf('/') + 1));
        if (!request.path().startsWith(prefix) || !Files.exists(file)) {
            return Reply.of(404).with("X-Error-Code", "EntryNotFound");
        }
        byte[] content = Files.readAllBytes(file);
        if (content.length < LARGE_BYTES) {
            return part(request, content, gitHash(content)).with("X-Repo-Commit", COMMIT);
        }
        return Reply.of(302, "somewhere else".getBytes(StandardCharsets.US_ASCII)).with("X-Repo-Commit", COMMIT)
                .with("X-Linked-Etag", "\"" + sha256(content) + "\"")
                .with("X-Linked-Size", String.valueOf(content.length))
                .with("Location", store.address() + "/store/" + file.getFileName() + "?signature=1");
    }

    private Reply stored(Request request) throws IOException {
        byte[] content = Files.readAllBytes(folder.resolve(request.path().replaceFirst("^/store/", "")
                .replaceFirst("\\?.*$", "")));
        // The store has entity tags of its own.
        return part(request, content, "store-" + content.length);
    }

    /** The whole content, or the part that was asked for. */
    public static Reply part(Request request, byte[] content, String etag) {
        String range = request.headers().getOrDefault("range", "");
        String condition = request.headers().getOrDefault("if-range", "\"" + etag + "\"");
        if (!range.matches("bytes=\\d+-") || !condition.equals("\"" + etag + "\"")) {
            return Reply.of(200, content).with("ETag", "\"" + etag + "\"");
        }
        int from = Integer.parseInt(range.substring(6, range.length() - 1));
        if (from >= content.length) {
            return Reply.of(416).with("Content-Range", "bytes */" + content.length);
        }
        return Reply.of(206, Arrays.copyOfRange(content, from, content.length)).with("ETag", "\"" + etag + "\"")
                .with("Content-Range", "bytes " + from + "-" + (content.length - 1) + "/" + content.length);
    }

    /** SHA-256 of bytes, lower-case hexadecimal. */
    public static String sha256(byte[] content) {
        return HexFormat.of().formatHex(digest("SHA-256").digest(content));
    }

    /** The name that git gives to a file of this content. */
    public static String gitHash(byte[] content) {
        MessageDigest digest = digest("SHA-1");
        digest.update(("blob " + content.length + "\0").getBytes(StandardCharsets.US_ASCII));
        return HexFormat.of().formatHex(digest.digest(content));
    }

    private static MessageDigest digest(String algorithm) {
        try {
            return MessageDigest.getInstance(algorithm);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm, e);
        }
    }

    @Override
    public void close() throws IOException {
        hub.close();
        store.close();
    }
}
