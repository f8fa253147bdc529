package org.clip4j.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * What the bytes of a file must hash to.
 *
 * @param algorithm of the hash
 * @param hex lower-case hexadecimal
 */
record Checksum(Algorithm algorithm, String hex) {
    /** Ways to hash. */
    enum Algorithm {
        /** Of the bytes alone. */
        SHA_256("SHA-256"),
        /** As git names a file: SHA-1 of {@code blob LENGTH}, a zero byte, and the bytes. */
        GIT_BLOB("SHA-1");

        private final String digest;

        Algorithm(String digest) {
            this.digest = digest;
        }
    }

    /** The entity tags of the Hugging Face hub are such hashes: SHA-256 of large files, else git's. */
    static Optional<Checksum> ofEtag(String etag) {
        if (etag.matches("[0-9a-f]{64}")) {
            return Optional.of(new Checksum(Algorithm.SHA_256, etag));
        }
        return etag.matches("[0-9a-f]{40}") ? Optional.of(new Checksum(Algorithm.GIT_BLOB, etag)) : Optional.empty();
    }

    /** The hash that a file has instead; empty when it has this one. */
    Optional<String> differing(Path file, PullListener.Task task) throws IOException {
        long sizeBytes = Files.size(file);
        MessageDigest digest = newDigest();
        if (algorithm == Algorithm.GIT_BLOB) {
            digest.update(("blob " + sizeBytes + "\0").getBytes(StandardCharsets.US_ASCII));
        }
        byte[] buffer = new byte[1 << 20];
        long done = 0;
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
                done += count;
                task.progress(done, sizeBytes);
            }
        }
        String actual = HexFormat.of().formatHex(digest.digest());
        return actual.equals(hex) ? Optional.empty() : Optional.of(actual);
    }

    private MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance(algorithm.digest);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has " + algorithm.digest, e);
        }
    }
}
