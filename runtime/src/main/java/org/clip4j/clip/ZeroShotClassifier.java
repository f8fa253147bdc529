package org.clip4j.clip;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.clip4j.similarity.Similarity;

/**
 * Classifies images by words: each label is written into templates, the prompts' embeddings are normalised, averaged
 * and normalised again, and the label whose embedding is closest to the image's wins.
 *
 * <p>Immutable and thread-safe once built; it holds the labels' embeddings on the Java heap.
 *
 * <p>Source: openai/CLIP, notebooks/Prompt_Engineering_for_ImageNet.ipynb.
 */
public final class ZeroShotClassifier {
    /** What stands for the label in a template. */
    public static final String PLACEHOLDER = "{}";

    /** The template used when there is no other. */
    public static final String DEFAULT_TEMPLATE = "a photo of a {}.";

    /** Prompts embedded at a time: many passes, and 8 MB of embeddings at E = 512. */
    private static final int WINDOW = 4096;

    private final List<String> labels;
    private final float[][] labelEmbeddings; // [labels][E], unit length
    private final float logitScale;

    private ZeroShotClassifier(List<String> labels, float[][] labelEmbeddings, float logitScale) {
        this.labels = labels;
        this.labelEmbeddings = labelEmbeddings;
        this.logitScale = logitScale;
    }

    /**
     * A label and how well it fits.
     *
     * @param label as given
     * @param probability softmax of the logits over all labels
     * @param logit cosine times the model's scale
     */
    public record Result(String label, double probability, double logit) {}

    /** As {@link #build(ClipSession, List, List, boolean)}, with prompts that are refused when they are too long. */
    public static ZeroShotClassifier build(ClipSession session, List<String> labels, List<String> templates) {
        return build(session, labels, templates, false);
    }

    /**
     * Embeds all prompts; labels.size() * templates.size() texts.
     *
     * @param session used during this call only
     * @param templates each with at least one {@code {}}
     * @param truncate cuts off prompts that have more tokens than the context
     * @throws IllegalArgumentException when there is no label, no template, or a template without placeholder
     * @throws org.clip4j.text.TextTooLongException when a prompt has more tokens than the context and is not cut off
     */
    public static ZeroShotClassifier build(ClipSession session, List<String> labels, List<String> templates,
            boolean truncate) {
        if (labels.isEmpty() || templates.isEmpty()) {
            throw new IllegalArgumentException("a classifier needs labels and templates: labels=" + labels.size()
                    + " templates=" + templates.size());
        }
        for (String template : templates) {
            if (!template.contains(PLACEHOLDER)) {
                throw new IllegalArgumentException(
                        "template has no place for the label: template='" + template + "'; write {} where it goes");
            }
        }
        int embedDim = session.model().embedDim();
        double[][] sums = new double[labels.size()][embedDim];
        long prompts = (long) templates.size() * labels.size();
        float[] rows = new float[(int) Math.min(WINDOW, prompts) * embedDim];
        for (long first = 0; first < prompts; first += WINDOW) {
            List<Text> texts = new ArrayList<>();
            // All labels in one template, then in the next: neighbours begin alike.
            for (long prompt = first; prompt < Math.min(first + WINDOW, prompts); prompt++) {
                String template = templates.get((int) (prompt / labels.size()));
                String text = template.replace(PLACEHOLDER, labels.get((int) (prompt % labels.size())));
                texts.add(truncate ? Text.truncated(text) : Text.of(text));
            }
            session.embedTexts(texts, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(rows), 0);
            for (int i = 0; i < texts.size(); i++) {
                double[] sum = sums[(int) ((first + i) % labels.size())];
                for (int j = 0; j < embedDim; j++) {
                    sum[j] += rows[i * embedDim + j];
                }
            }
        }
        float[][] embeddings = new float[labels.size()][];
        Arrays.setAll(embeddings, label -> normalizedMean(sums[label], templates.size()));
        return new ZeroShotClassifier(List.copyOf(labels), embeddings, session.model().logitScale());
    }

    private static float[] normalizedMean(double[] sum, int count) {
        float[] mean = new float[sum.length];
        for (int i = 0; i < mean.length; i++) {
            mean[i] = (float) (sum[i] / count);
        }
        return Similarity.normalize(mean);
    }

    /** The labels, in the order given. */
    public List<String> labels() {
        return labels;
    }

    /** Embedding of a label, unit length, as a copy. */
    public float[] labelEmbedding(int label) {
        return labelEmbeddings[label].clone();
    }

    /**
     * All labels for an image, best first; equal ones in the order given.
     *
     * @param imageEmbedding [E], of any length
     */
    public List<Result> classify(float[] imageEmbedding) {
        double[] logits = new double[labelEmbeddings.length];
        for (int i = 0; i < logits.length; i++) {
            logits[i] = logitScale * Similarity.cosine(imageEmbedding, labelEmbeddings[i]);
        }
        double[] probabilities = Similarity.softmax(logits);
        List<Result> results = new ArrayList<>();
        for (int i = 0; i < logits.length; i++) {
            results.add(new Result(labels.get(i), probabilities[i], logits[i]));
        }
        results.sort(Comparator.comparingDouble(Result::logit).reversed());
        return results;
    }
}
