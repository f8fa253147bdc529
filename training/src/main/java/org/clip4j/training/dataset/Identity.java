package org.clip4j.training.dataset;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/** Digests what a data set consists of. For one thread. */
final class Identity {
    private final MessageDigest digest;

    Identity() {
        try {
            digest = MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    /** A file, by name and size. */
    Identity add(String name, long sizeBytes) {
        byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
        digest.update(ByteBuffer.allocate(Integer.BYTES + Long.BYTES).putInt(bytes.length).putLong(sizeBytes).flip());
        digest.update(bytes);
        return this;
    }

    /** Ends it. */
    String hex() {
        return HexFormat.of().formatHex(digest.digest());
    }
}
