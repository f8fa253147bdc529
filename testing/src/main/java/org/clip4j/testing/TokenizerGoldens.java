package org.clip4j.testing;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The reference's tokens of 494 texts, with and without ftfy, and where the vocabularies are found. */
public final class TokenizerGoldens {
    private static final String CASES = "/goldens/tokenizer/cases.jsonl";
    private static final String REDUCED_VOCABULARY = "/goldens/tiny/bpe_reduced_1000.txt.gz";

    private TokenizerGoldens() {}

    /**
     * What the reference gives for a text.
     *
     * @param tokens start, content, end; at most 77; null if the reference refuses the text
     * @param length number of tokens before they were cut off
     * @param decoded the text that the reference's decoder makes of the content, or null
     */
    public record Case(String category, String text, boolean ftfy, List<Integer> tokens, int length, String decoded) {}

    /** All cases, each with ftfy and without. */
    public static List<Case> cases() throws IOException {
        List<Case> cases = new ArrayList<>();
        try (BufferedReader lines = new BufferedReader(new InputStreamReader(open(CASES), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                Map<String, Object> json = JSON.std.mapFrom(line);
                cases.add(toCase(json, json, true));
                Object without = json.get("without_ftfy");
                cases.add(toCase(json, without instanceof Map<?, ?> other ? other : json, false));
            }
        }
        return cases;
    }

    private static Case toCase(Map<?, ?> json, Map<?, ?> expected, boolean ftfy) {
        List<Integer> tokens = null;
        int length = 0;
        if (expected.get("tokens") instanceof List<?> list) {
            tokens = new ArrayList<>(list.size());
            for (Object token : list) {
                tokens.add(((Number) token).intValue());
            }
            length = ((Number) expected.get("n")).intValue();
        }
        return new Case((String) json.get("cat"), (String) json.get("text"), ftfy, tokens, length,
                (String) expected.get("decoded"));
    }

    /** The first 486 merges of the real vocabulary, gzip. The caller closes the stream. */
    public static InputStream reducedVocabulary() {
        return open(REDUCED_VOCABULARY);
    }

    /**
     * The real vocabulary, which is not part of the repository: system property {@code clip4j.vocab}, else the environment
     * variable {@code CLIP4J_VOCAB}.
     */
    public static Optional<Path> vocabulary() {
        String path = System.getProperty("clip4j.vocab", "");
        if (path.isBlank()) {
            path = System.getenv().getOrDefault("CLIP4J_VOCAB", "");
        }
        return path.isBlank() ? Optional.empty() : Optional.of(Path.of(path));
    }

    private static InputStream open(String name) {
        InputStream in = TokenizerGoldens.class.getResourceAsStream(name);
        if (in == null) {
            throw new IllegalStateException("golden missing from the test resources: name=" + name);
        }
        return in;
    }
}
