package org.clip4j.hub;

import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.Text;
import org.clip4j.converter.PublishedArchitectures;
import org.clip4j.image.Image;
import org.clip4j.similarity.Similarity;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelSource;
import org.clip4j.weights.TextConfig;

/** Compares a model's results with published ones. For one thread. */
public final class ModelCheck {
    private final ClipSession session;
    private final ModelSource source;
    private final boolean hasVocabulary;
    private final Optional<String> architecture;
    private final Map<String, Path> images;

    /** What came of one comparison. */
    public enum Status {
        /** The same within the limit. */
        HELD,
        /** Another. */
        FAILED,
        /** Something is missing for it. */
        NOT_CHECKED
    }

    /**
     * One comparison.
     *
     * @param number what was published
     * @param status what came of it
     * @param actual the model's result; empty for a hash, and when not checked
     * @param difference the largest one; 0 for a hash, and when not checked
     * @param reason why it was not checked, or what a hash is instead; else empty
     */
    public record Outcome(PublishedNumber number, Status status, List<Double> actual, double difference,
            String reason) {
        private static Outcome notChecked(PublishedNumber number, String reason) {
            return new Outcome(number, Status.NOT_CHECKED, List.of(), 0, reason);
        }
    }

    /**
     * Prepares a comparison.
     *
     * @param session of a model whose text tower is loaded, and with {@code images} the other one too; the caller
     *     closes it
     * @param source of that model
     * @param hasVocabulary whether it takes texts
     * @param images that there are, by the names of their files
     */
    public ModelCheck(ClipSession session, ModelSource source, boolean hasVocabulary, Map<String, Path> images) {
        this.session = session;
        this.source = source;
        this.hasVocabulary = hasVocabulary;
        this.images = Map.copyOf(images);
        this.architecture = architecture(session.model().config());
    }

    /** The published architecture that a configuration is; by which rule the end of a text is found does not count. */
    static Optional<String> architecture(ClipConfig config) {
        return PublishedArchitectures.names().stream()
                .filter(name -> sameEnd(PublishedArchitectures.of(name)).equals(sameEnd(config))).findFirst();
    }

    private static ClipConfig sameEnd(ClipConfig config) {
        TextConfig text = config.text();
        return new ClipConfig(config.embedDim(), config.vision(),
                new TextConfig(text.contextLength(), text.vocabSize(), text.width(), text.layers(), text.heads(),
                        text.mlpWidth(), text.activation(), TextConfig.LARGEST_ID),
                config.preprocess());
    }

    /** Compares all numbers; of hashes, only the one of the model's own architecture is of interest. */
    public List<Outcome> run(List<PublishedNumber> numbers) {
        List<Outcome> outcomes = new ArrayList<>();
        for (PublishedNumber number : numbers) {
            boolean fits = number.architecture().isEmpty() || number.architecture().equals(architecture);
            if (fits) {
                outcomes.add(run(number));
            } else if (number.kind() != PublishedNumber.Kind.SHA256) {
                outcomes.add(Outcome.notChecked(number, "of " + number.architecture().get() + ", the model is "
                        + architecture.orElse("of no published architecture")));
            }
        }
        return outcomes;
    }

    private Outcome run(PublishedNumber number) {
        if (number.kind() == PublishedNumber.Kind.SHA256) {
            return hash(number);
        }
        if (!hasVocabulary) {
            return Outcome.notChecked(number, "the model has no vocabulary");
        }
        Optional<Path> image = number.image().map(images::get);
        if (number.image().isPresent() && image.isEmpty()) {
            return Outcome.notChecked(number, "needs --image " + number.image().get());
        }
        List<Double> actual = switch (number.kind()) {
            case TOKENS -> tokens(number.texts().get(0));
            case EMBEDDING_SUM -> List.of(embedding(number.texts().get(0)).stream().mapToDouble(value -> value).sum());
            case EMBEDDING_START -> {
                List<Double> all = embedding(number.texts().get(0));
                yield all.subList(0, Math.min(all.size(), number.numbers().size()));
            }
            case LOGITS -> logits(image.orElseThrow(), number.texts());
            case PROBABILITIES -> softmax(logits(image.orElseThrow(), number.texts()));
            case SHA256 -> throw new IllegalStateException("compared above");
        };
        return compared(number, actual);
    }

    private static Outcome compared(PublishedNumber number, List<Double> actual) {
        double difference = actual.size() == number.numbers().size() ? 0 : Double.POSITIVE_INFINITY;
        for (int i = 0; i < Math.min(actual.size(), number.numbers().size()); i++) {
            double each = Math.abs(actual.get(i) - number.numbers().get(i));
            difference = Math.max(difference, Double.isNaN(each) ? Double.POSITIVE_INFINITY : each);
        }
        Status status = difference <= number.kind().limit() ? Status.HELD : Status.FAILED;
        return new Outcome(number, status, actual, difference, "");
    }

    private Outcome hash(PublishedNumber number) {
        String file = number.texts().get(0);
        String actual = source.sha256().orElse("none");
        if (actual.equals(number.hash())) {
            return new Outcome(number, Status.HELD, List.of(), 0, "");
        }
        return source.file().equals(file)
                ? new Outcome(number, Status.FAILED, List.of(), 0, actual)
                : Outcome.notChecked(number, "the model was not converted from " + file + " but from " + source.file());
    }

    private List<Double> tokens(String text) {
        return Arrays.stream(session.model().tokenizer().encode(text)).asDoubleStream().boxed()
                .collect(Collectors.toList());
    }

    private List<Double> embedding(String text) {
        float[] embedding = new float[session.model().embedDim()];
        session.embedTexts(List.of(Text.of(text)), EmbeddingForm.RAW, FloatBuffer.wrap(embedding), 0);
        List<Double> values = new ArrayList<>();
        for (float value : embedding) {
            values.add((double) value);
        }
        return values;
    }

    private List<Double> logits(Path image, List<String> texts) {
        float[] ofImage = session.embed(Image.of(image));
        return texts.stream()
                .map(text -> session.model().logitScale() * Similarity.cosine(ofImage, session.embed(text)))
                .toList();
    }

    private static List<Double> softmax(List<Double> logits) {
        double[] values = logits.stream().mapToDouble(value -> value).toArray();
        return Arrays.stream(Similarity.softmax(values)).boxed().toList();
    }

    /** Numbers with as many digits as they were published with. */
    public static String shown(List<Double> numbers) {
        return numbers.stream()
                .map(value -> value == Math.rint(value)
                        ? String.format(Locale.ROOT, "%.0f", value)
                        : String.format(Locale.ROOT, "%.6f", value))
                .collect(Collectors.joining(" "));
    }
}
