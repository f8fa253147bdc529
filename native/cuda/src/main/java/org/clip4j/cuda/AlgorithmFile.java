package org.clip4j.cuda;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.Map;

/**
 * What searches have found on one kind of card with one version of cublasLt: a line per shape, key and eight
 * hexadecimal words. Lines are appended, so that processes that search at the same time disturb each other at most by
 * saying the same twice; of several lines for a shape the last one counts, and one that is not whole is passed over.
 * Where the file cannot be written, each process searches anew. Not thread-safe.
 */
final class AlgorithmFile {
    private static final System.Logger LOGGER = System.getLogger(AlgorithmFile.class.getName());
    private static final int WORDS = 8;
    private static final int HEXADECIMAL = 16;

    private final Path path;
    private final Map<String, long[]> found = new HashMap<>();

    /** Reads what is there. */
    AlgorithmFile(Path path) {
        this.path = path;
        try {
            if (Files.isReadable(path)) {
                for (String line : Files.readAllLines(path, StandardCharsets.US_ASCII)) {
                    read(line);
                }
            }
        } catch (IOException e) {
            // Costs no more than another search.
            found.clear();
        }
    }

    private void read(String line) {
        String[] fields = line.split(" ", -1);
        if (fields.length != WORDS + 1) {
            return;
        }
        long[] words = new long[WORDS];
        try {
            for (int i = 0; i < WORDS; i++) {
                words[i] = Long.parseUnsignedLong(fields[i + 1], HEXADECIMAL);
            }
        } catch (NumberFormatException e) {
            return;
        }
        found.put(fields[0], words);
    }

    /** The algorithm for a shape, or null. */
    long[] find(String key) {
        return found.get(key);
    }

    /** Passes over what was found for a shape from now on. */
    void ignore(String key, String reason) {
        found.remove(key);
        LOGGER.log(System.Logger.Level.DEBUG, "line ignored: file={0} key={1} reason={2}", path, key, reason);
    }

    void add(String key, long[] words) {
        found.put(key, words);
        StringBuilder line = new StringBuilder(key);
        for (long word : words) {
            line.append(' ').append(Long.toHexString(word));
        }
        try {
            Files.createDirectories(path.getParent());
            Files.writeString(path, line.append('\n'), StandardCharsets.US_ASCII, StandardOpenOption.CREATE,
                    StandardOpenOption.APPEND);
        } catch (IOException e) {
            // Costs the next process another search.
            return;
        }
    }
}
