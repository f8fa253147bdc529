package org.clip4j.converter;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/**
 * The merges of a BPE vocabulary as text, a line {@code a b} each. Ids follow from them: 256 bytes, 256 bytes at the
 * end of a word, one per merge, start of text, end of text (openai/CLIP clip/simple_tokenizer.py).
 */
final class Vocabulary {
    /** Ids that are not merges: 2 * 256 bytes, and two special tokens. */
    private static final int NOT_MERGES = 2 * 256 + 2;
    /** The published file is 3.2 MB of text. */
    private static final int MAX_BYTES = 64 << 20;

    private Vocabulary() {}

    /**
     * The merges that a model of a vocabulary size uses, as the model file stores them.
     *
     * @throws CheckpointException when there are too few, or a line is not a merge
     */
    static byte[] encode(List<String> merges, int vocabSize, String file) throws CheckpointException {
        int used = vocabSize - NOT_MERGES;
        if (used < 0 || merges.size() < used) {
            throw new CheckpointException("vocabulary does not fit the model: file=" + file + " expectedMerges=" + used
                    + " actualMerges=" + merges.size() + " vocabSize=" + vocabSize);
        }
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < used; i++) {
            String merge = merges.get(i);
            int space = merge.indexOf(' ');
            if (space < 1 || space == merge.length() - 1 || merge.indexOf(' ', space + 1) >= 0) {
                throw new CheckpointException("vocabulary has a line that is not a merge of two symbols: file=" + file
                        + " merge=" + (i + 1));
            }
            text.append(merge).append('\n');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    /** Merges of a text file, compressed or not; a first line that holds {@code #version} is left out. */
    static List<String> readFile(Path file) throws IOException {
        if (Files.isDirectory(file)) {
            throw new CheckpointException("vocabulary is a folder: file=" + file
                    + "; give the file, such as bpe_simple_vocab_16e6.txt.gz or merges.txt");
        }
        if (!Files.exists(file)) {
            throw new CheckpointException("vocabulary file does not exist: file=" + file);
        }
        if (!Files.isRegularFile(file)) {
            throw new CheckpointException("vocabulary is not a regular file: file=" + file
                    + "; copy its contents to a file");
        }
        List<String> lines = new ArrayList<>(List.of(text(file).split("\\r?\\n", -1)));
        if (lines.get(0).contains("#version")) {
            lines.remove(0);
        }
        while (!lines.isEmpty() && lines.get(lines.size() - 1).isEmpty()) {
            lines.remove(lines.size() - 1);
        }
        return lines;
    }

    private static String text(Path file) throws IOException {
        try (InputStream raw = new BufferedInputStream(Files.newInputStream(file))) {
            raw.mark(2);
            boolean compressed = raw.read() == 0x1f && raw.read() == 0x8b;
            raw.reset();
            try (InputStream in = compressed ? new GZIPInputStream(raw) : raw) {
                byte[] bytes = in.readNBytes(MAX_BYTES + 1);
                if (bytes.length > MAX_BYTES) {
                    throw new CheckpointException("vocabulary is too long: file=" + file + " maxBytes=" + MAX_BYTES);
                }
                return utf8(bytes, file);
            }
        } catch (ZipException | EOFException e) {
            throw new CheckpointException("vocabulary is not a sound gzip file: file=" + file + " reason="
                    + e.getMessage(), e);
        }
    }

    /** Refuses what is no text; a decoder that replaces bad bytes would make merges of a picture. */
    private static String utf8(byte[] bytes, Path file) throws CheckpointException {
        ByteBuffer in = ByteBuffer.wrap(bytes);
        CharBuffer out = CharBuffer.allocate(bytes.length); // UTF-8 has no character of less than a byte
        CoderResult result = StandardCharsets.UTF_8.newDecoder().decode(in, out, true);
        if (!result.isUnderflow()) {
            int line = 1;
            for (int i = 0; i < in.position(); i++) {
                line += bytes[i] == '\n' ? 1 : 0;
            }
            throw new CheckpointException("not a vocabulary, its text is not UTF-8: file=" + file + " line=" + line
                    + " offsetBytes=" + in.position() + String.format(Locale.ROOT, " byte=0x%02x", bytes[in.position()])
                    + "; expected merges as in bpe_simple_vocab_16e6.txt.gz");
        }
        return out.flip().toString();
    }

    /** Merges of a folder: merges.txt, else tokenizer.json; the ids of vocab.json or tokenizer.json must fit them. */
    static Optional<List<String>> readFolder(Path folder, int vocabSize) throws IOException {
        Path mergesFile = folder.resolve("merges.txt");
        Path tokenizerFile = folder.resolve("tokenizer.json");
        Path vocabFile = folder.resolve("vocab.json");
        if (!Files.exists(mergesFile) && !Files.exists(tokenizerFile)) {
            return Optional.empty();
        }
        Map<String, Object> ids = null;
        List<String> merges = null;
        if (Files.exists(mergesFile)) {
            merges = readFile(mergesFile);
        } else {
            Map<?, ?> model = json(tokenizerFile).get("model") instanceof Map<?, ?> map ? map : Map.of();
            merges = pairs(model.get("merges"), tokenizerFile);
            ids = model.get("vocab") instanceof Map<?, ?> map ? strings(map) : null;
        }
        if (Files.exists(vocabFile)) {
            ids = json(vocabFile);
        }
        if (ids != null) {
            checkIds(merges, ids, vocabSize, folder);
        }
        return Optional.of(merges);
    }

    private static Map<String, Object> json(Path file) throws IOException {
        if (Files.size(file) > MAX_BYTES) {
            throw new CheckpointException("vocabulary is too long: file=" + file + " maxBytes=" + MAX_BYTES);
        }
        try (InputStream in = Files.newInputStream(file)) {
            return JSON.std.mapFrom(in.readAllBytes());
        } catch (JsonProcessingException e) {
            throw new CheckpointException("not a JSON object: file=" + file + " reason="
                    + String.valueOf(e.getOriginalMessage()).replaceAll("\\s+", " "), e);
        }
    }

    @SuppressWarnings("unchecked") // names of a JSON object are strings
    private static Map<String, Object> strings(Map<?, ?> map) {
        return (Map<String, Object>) map;
    }

    private static List<String> pairs(Object value, Path file) throws CheckpointException {
        List<String> merges = new ArrayList<>();
        for (Object item : value instanceof List<?> list ? list : List.of()) {
            if (item instanceof String merge) {
                merges.add(merge);
            } else if (item instanceof List<?> pair && pair.size() == 2) {
                merges.add(pair.get(0) + " " + pair.get(1));
            } else {
                throw new CheckpointException("tokenizer.json has a merge that is neither a string nor a pair: file="
                        + file + " merge=" + (merges.size() + 1));
            }
        }
        return merges;
    }

    private static void checkIds(List<String> merges, Map<String, Object> ids, int vocabSize, Path folder)
            throws CheckpointException {
        for (int i = 0; i < Math.min(merges.size(), vocabSize - NOT_MERGES); i++) {
            String token = merges.get(i).replace(" ", "");
            if (!Integer.valueOf(2 * 256 + i).equals(ids.get(token))) {
                throw new CheckpointException("vocabulary has another order than its merges: folder=" + folder
                        + " token=" + token + " expectedId=" + (2 * 256 + i) + " actualId=" + ids.get(token));
            }
        }
    }
}
