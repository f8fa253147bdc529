package org.clip4j.hub;

import com.fasterxml.jackson.jr.ob.JSON;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.clip4j.converter.PublishedArchitectures;
import org.clip4j.weights.JsonFields;
import org.clip4j.weights.ModelFileException;

/**
 * What somebody has published about a model's results.
 *
 * @param kind of result
 * @param architecture that it holds for, as {@link PublishedArchitectures} names it; empty: for every model
 * @param image name of the file that it was computed from; empty where there is none
 * @param texts that it was computed from; for a hash, the name of the checkpoint
 * @param hash SHA-256; empty for numbers
 * @param numbers the result; empty for a hash
 * @param source who published it
 */
public record PublishedNumber(Kind kind, Optional<String> architecture, Optional<String> image, List<String> texts,
        String hash, List<Double> numbers, String source) {
    private static final String BUILT_IN = "published-numbers.json";

    /** Kinds of results, with what they may differ by. */
    public enum Kind {
        /** SHA-256 of the checkpoint that a model was converted from. */
        SHA256(0),
        /** Ids of a text, with those of start and end. */
        TOKENS(0),
        /** Sum of a text's embedding before it is brought to unit length. */
        EMBEDDING_SUM(1e-3),
        /** First values of the same. */
        EMBEDDING_START(1e-3),
        /** Softmax over texts for an image. */
        PROBABILITIES(2e-3),
        /** exp(logit_scale) times the cosines of an image with texts. */
        LOGITS(1e-3);

        private final double limit;

        Kind(double limit) {
            this.limit = limit;
        }

        /** The largest difference that counts as the same. */
        public double limit() {
            return limit;
        }

        /** As files and people spell it. */
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Takes copies of the lists. */
    public PublishedNumber {
        texts = List.copyOf(texts);
        numbers = List.copyOf(numbers);
    }

    /** Those about OpenAI's models. */
    public static List<PublishedNumber> builtIn() throws IOException {
        List<PublishedNumber> all = new ArrayList<>();
        for (OpenAiCheckpoint checkpoint : OpenAiCheckpoint.ALL) {
            all.add(new PublishedNumber(Kind.SHA256, Optional.of(checkpoint.name()), Optional.empty(),
                    List.of(checkpoint.file()), checkpoint.sha256(), List.of(), "openai/CLIP clip/clip.py"));
        }
        try (InputStream in = PublishedNumber.class.getResourceAsStream(BUILT_IN)) {
            all.addAll(parse(BUILT_IN, new String(in.readAllBytes(), StandardCharsets.UTF_8)));
        }
        return all;
    }

    /**
     * Reads {@code {"checks":[{"kind":...,"text":... or "texts":[...],"image":...,"expected":[...],"source":...}]}}.
     *
     * @throws ModelFileException when the file is not of this form
     */
    public static List<PublishedNumber> read(Path file) throws IOException {
        return parse(file.toString(), Files.readString(file));
    }

    private static List<PublishedNumber> parse(String file, String json) throws IOException {
        JsonFields root = JsonFields.parse(file, json);
        List<PublishedNumber> all = new ArrayList<>();
        for (Object item : root.list("checks")) {
            if (!(item instanceof Map<?, ?>)) {
                throw root.wrong("checks", "a list of objects", item);
            }
            all.add(parse(JsonFields.parse(file + " checks[" + all.size() + "]",
                    JSON.std.asString(item))));
        }
        root.refuseOthers();
        return all;
    }

    private static PublishedNumber parse(JsonFields fields) throws IOException {
        Kind kind = kind(fields);
        Optional<String> architecture = Optional.ofNullable(fields.string("architecture", null));
        if (architecture.isPresent() && !PublishedArchitectures.names().contains(architecture.get())) {
            throw fields.wrong("architecture", "one of " + PublishedArchitectures.names(), architecture.get());
        }
        Optional<String> image = Optional.ofNullable(fields.string("image", null));
        boolean needsImage = kind == Kind.PROBABILITIES || kind == Kind.LOGITS;
        if (needsImage != image.isPresent()) {
            throw fields.wrong("image", needsImage ? "a file's name" : "none", image.orElse(null));
        }
        List<String> texts = new ArrayList<>();
        if (kind == Kind.SHA256) {
            texts.add(fields.string("file"));
        } else if (needsImage) {
            for (Object text : fields.list("texts")) {
                texts.add(String.valueOf(text));
            }
        } else {
            texts.add(fields.string("text"));
        }
        List<Double> numbers = kind == Kind.SHA256 ? List.of() : numbers(fields);
        if (kind != Kind.SHA256 && (numbers.isEmpty() || (needsImage && numbers.size() != texts.size()))) {
            throw fields.wrong("expected", needsImage ? "a number per text" : "numbers", numbers);
        }
        PublishedNumber number = new PublishedNumber(kind, architecture, image, texts,
                kind == Kind.SHA256 ? fields.string("expected") : "", numbers, fields.string("source", "unknown"));
        fields.refuseOthers();
        return number;
    }

    private static Kind kind(JsonFields fields) throws IOException {
        String label = fields.string("kind");
        for (Kind kind : Kind.values()) {
            if (kind.label().equals(label)) {
                return kind;
            }
        }
        throw fields.wrong("kind", List.of(Kind.values()).toString().toLowerCase(Locale.ROOT), label);
    }

    private static List<Double> numbers(JsonFields fields) throws IOException {
        List<Double> numbers = new ArrayList<>();
        for (Object item : fields.list("expected")) {
            if (!(item instanceof Number number)) {
                throw fields.wrong("expected", "a list of numbers", item);
            }
            numbers.add(number.doubleValue());
        }
        return numbers;
    }
}
