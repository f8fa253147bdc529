package org.clip4j.hub;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * The folder that huggingface_hub and its kin in other languages share: contents under their entity tags in
 * {@code blobs}, named by relative links from {@code snapshots/COMMIT}, and commits named by {@code refs/REVISION}. The
 * layout is described at huggingface.co/docs/hub/local-cache. Thread-safe, but for partial files, which need a lock.
 */
final class HubCache {
    private static final Pattern REPOSITORY = Pattern
            .compile("[A-Za-z0-9][A-Za-z0-9._-]{0,95}/[A-Za-z0-9][A-Za-z0-9._-]{0,95}");
    private static final Pattern REVISION = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._/-]{0,199}");
    private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
    private static final Pattern ETAG = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,127}");
    private static final Pattern FILE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,199}");

    private final Path root;
    private final Linker linker;

    /** How a link is made; fails in tests, as it does on some systems. */
    interface Linker {
        void link(Path link, Path relativeTarget) throws IOException;
    }

    HubCache(Path root, Linker linker) {
        this.root = root;
        this.linker = linker;
    }

    HubCache(Path root) {
        this(root, (link, target) -> Files.createSymbolicLink(link, target));
    }

    static boolean isRepository(String name) {
        return REPOSITORY.matcher(name).matches() && !name.contains("..") && !name.contains("--");
    }

    /** Whether a name may become part of a path below {@code refs}. */
    static boolean isRevision(String name) {
        return REVISION.matcher(name).matches() && !name.contains("..") && !name.contains("//") && !name.endsWith("/");
    }

    static boolean isCommit(String name) {
        return COMMIT.matcher(name).matches();
    }

    static boolean isEtag(String name) {
        return ETAG.matcher(name).matches();
    }

    /** Whether a name is that of a file, and of nothing in a folder. */
    static boolean isFile(String name) {
        return FILE.matcher(name).matches();
    }

    /** The folder of a repository; may not exist. */
    Path repository(String id) {
        return root.resolve("models--" + id.replace("/", "--"));
    }

    /** The commit that a revision was when it was last asked for. */
    Optional<String> commit(String id, String revision) throws IOException {
        if (isCommit(revision)) {
            return Optional.of(revision);
        }
        Path ref = repository(id).resolve("refs").resolve(revision);
        if (!Files.isRegularFile(ref)) {
            return Optional.empty();
        }
        String commit = new String(Files.readAllBytes(ref), StandardCharsets.UTF_8).strip();
        return isCommit(commit) ? Optional.of(commit) : Optional.empty();
    }

    /** The folder of a commit's files; may not exist. */
    Path snapshot(String id, String commit) {
        return repository(id).resolve("snapshots").resolve(commit);
    }

    Path blob(String id, String etag) {
        return repository(id).resolve("blobs").resolve(etag);
    }

    Path lock(String id, String etag) {
        return root.resolve(".locks").resolve(repository(id).getFileName()).resolve(etag + ".clip4j.lock");
    }

    void writeRef(String id, String revision, String commit) throws IOException {
        if (isCommit(revision) || commit(id, revision).equals(Optional.of(commit))) {
            return;
        }
        Path ref = repository(id).resolve("refs").resolve(revision);
        Files.createDirectories(ref.getParent());
        Path temporary = Files.createTempFile(ref.getParent(), ".clip4j", null);
        try {
            Files.writeString(temporary, commit);
            FileDownload.move(temporary, ref);
        } finally {
            Files.deleteIfExists(temporary);
        }
    }

    /** Names a blob as a file of a commit: by a relative link, by a copy where links cannot be made. */
    void name(String id, String commit, String file, String etag) throws IOException {
        Path snapshot = snapshot(id, commit);
        Files.createDirectories(snapshot);
        Path named = snapshot.resolve(file);
        Path blob = blob(id, etag);
        if (Files.exists(named)) {
            return;
        }
        // A link whose target has gone.
        if (Files.exists(named, LinkOption.NOFOLLOW_LINKS)) {
            Files.delete(named);
        }
        try {
            linker.link(named, snapshot.relativize(blob));
        } catch (UnsupportedOperationException | FileSystemException e) {
            if (Files.exists(named)) {
                // Another program was faster.
                return;
            }
            Path temporary = Files.createTempFile(snapshot, ".clip4j", null);
            try {
                Files.copy(blob, temporary, StandardCopyOption.REPLACE_EXISTING);
                FileDownload.move(temporary, named);
            } finally {
                Files.deleteIfExists(temporary);
            }
        }
    }
}
