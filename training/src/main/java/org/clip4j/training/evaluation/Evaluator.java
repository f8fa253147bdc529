package org.clip4j.training.evaluation;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Text;
import org.clip4j.clip.ZeroShotClassifier;
import org.clip4j.image.Image;
import org.clip4j.image.ImageFormatException;
import org.clip4j.kernels.Backend;
import org.clip4j.text.InvalidTextException;
import org.clip4j.training.dataset.CaptionedSamples;
import org.clip4j.training.dataset.LabelledSamples;
import org.clip4j.training.dataset.Samples;

/**
 * Measures a model. Pictures are embedded in batches that always begin at the same places, so that an interrupted
 * evaluation, resumed, gives bit for bit the same numbers. Texts with too many tokens are cut off. A sample that
 * cannot be
 * used is told to the listener, counted and left out. Memory: a few numbers for each picture, the embeddings of all
 * classes, and for pairs those of one group.
 *
 * <p>
 * One thread, one evaluation; the model is the caller's.
 */
public final class Evaluator implements AutoCloseable {
    /** 32,768: most pairs of a group. */
    public static final int MAX_GROUP = 32_768;
    /** Classes whose prompts are embedded together: they share the beginnings of the templates. */
    private static final int CLASS_GROUP = 64;
    /** Stands for a sample that cannot be used. */
    private static final int UNUSABLE = Integer.MIN_VALUE;

    private final ClipSession session;
    private final SessionOptions batch = SessionOptions.defaults();
    private final int embedDim;
    private final EvaluationState state;
    private final Listener listener;

    /** Told how it goes, on the calling thread. */
    public interface Listener {
        /** Something begins that has some steps, of which some may be done already. */
        void started(String task, long total, long done);

        /** So many steps more are done. */
        void advanced(long steps);

        /** A sample cannot be used, and why. */
        void unusable(String sample, String reason);
    }

    /** Classification: metrics, top-1 and top-5 of each part, and how many pictures were left out. */
    public record ClassResult(ClassMetrics metrics, Map<String, ChoiceMetrics> parts, int unusable) {}

    /** Wordings: metrics, and how many pictures were left out. */
    public record PromptResult(PromptMetrics metrics, int unusable) {}

    /** Choices among captions: all, each part, and how many pictures were left out. */
    public record ChoiceResult(ChoiceMetrics overall, Map<String, ChoiceMetrics> parts, int unusable) {}

    /**
     * Retrieval within groups.
     *
     * @param imageToText which caption belongs to a picture
     * @param textToImage which picture belongs to a caption
     * @param leftOut pairs at the end that make no whole group
     */
    public record PairResult(ChoiceMetrics imageToText, ChoiceMetrics textToImage, int groups, int leftOut,
            int unusable) {}

    /** Turns a picture's embedding into numbers to keep. */
    private interface Judge {
        void judge(int index, float[] embedding, int[] row) throws IOException;
    }

    /** Opens a session of a model with both towers. */
    public Evaluator(ClipModel model, EvaluationState state, Listener listener) {
        this.session = model.newSession(batch);
        this.embedDim = model.embedDim();
        this.state = state;
        this.listener = listener;
    }

    /**
     * Zero-shot classification; templates are averaged.
     *
     * @param names what to call the classes, as many as the samples have
     */
    public ClassResult classes(LabelledSamples samples, List<String> names, List<String> templates)
            throws IOException {
        float[] classes = classifier(names, templates);
        double[] scores = new double[names.size()];
        int[] rows = run(samples, 2, (index, embedding, row) -> {
            score(embedding, classes, scores);
            row[0] = Scores.rank(scores, samples.label(index));
            row[1] = Scores.answer(scores, samples.label(index));
        });
        int[] ranks = column(rows, 0, 2);
        int[] labels = new int[samples.size()];
        Arrays.setAll(labels, samples::label);
        int[] candidates = new int[labels.length];
        Arrays.fill(candidates, names.size());
        return new ClassResult(ClassMetrics.of(labels, column(rows, 1, 2), ranks, names.size()),
                parts(samples, ranks, candidates), unusable(ranks));
    }

    /** Zero-shot classification with each template alone, and with all of them averaged. */
    public PromptResult prompts(LabelledSamples samples, List<String> names, List<String> templates)
            throws IOException {
        List<float[]> classifiers = new ArrayList<>();
        for (String template : templates) {
            classifiers.add(classifier(names, List.of(template)));
        }
        classifiers.add(classifier(names, templates));
        int width = classifiers.size();
        double[] scores = new double[names.size()];
        int[] rows = run(samples, width, (index, embedding, row) -> {
            for (int i = 0; i < width; i++) {
                score(embedding, classifiers.get(i), scores);
                row[i] = Scores.rank(scores, samples.label(index));
            }
        });
        int[] candidates = new int[samples.size()];
        Arrays.fill(candidates, names.size());
        List<Double> top1 = new ArrayList<>();
        ChoiceMetrics last = null;
        for (int i = 0; i < width; i++) {
            last = ChoiceMetrics.of(column(rows, i, width), candidates);
            top1.add(last.top1());
        }
        return new PromptResult(new PromptMetrics(last.count(), top1.subList(0, width - 1), last.top1()),
                unusable(column(rows, 0, width)));
    }

    /** A choice among a few captions for each picture, written into templates, which are averaged. */
    public ChoiceResult choices(ChoiceSamples samples, List<String> templates) throws IOException {
        int[] ranks = run(samples, 1, (index, embedding, row) -> {
            List<String> captions = samples.candidates(index);
            ZeroShotClassifier classifier = ZeroShotClassifier.build(session, captions, templates, true);
            double[] scores = new double[captions.size()];
            for (int i = 0; i < scores.length; i++) {
                scores[i] = Scores.dot(embedding, 0, classifier.labelEmbedding(i), 0, embedDim);
            }
            row[0] = Scores.rank(scores, 0);
        });
        int[] candidates = new int[ranks.length];
        Arrays.setAll(candidates, i -> samples.candidates(i).size());
        return new ChoiceResult(ChoiceMetrics.of(ranks, candidates), parts(samples, ranks, candidates),
                unusable(ranks));
    }

    /**
     * Retrieval: the pairs are taken in groups of neighbours, and within each every picture is compared with every
     * caption.
     *
     * @param group pairs of a group, at most {@link #MAX_GROUP} and at most as many as there are
     * @param backend CPU, f32, for the comparisons; the caller's
     */
    public PairResult pairs(CaptionedSamples samples, int group, Backend backend) throws IOException {
        if (group < 1 || group > MAX_GROUP || group > samples.size()) {
            throw new IllegalArgumentException("group is out of range: expected=1.."
                    + Math.min(MAX_GROUP, samples.size()) + " actual=" + group);
        }
        int groups = samples.size() / group;
        int pairs = groups * group;
        int done = state.rowInts() / 3;
        listener.started("pairs", pairs, done + state.tailFloats() / (2 * embedDim));
        guarded(() -> {
            for (int first = state.rowInts() / 3; first < pairs; first += group) {
                embedGroup(samples, first, group);
                rank(group, backend);
            }
        });
        int[] rows = new int[3 * pairs];
        Arrays.setAll(rows, state::row);
        int[] candidates = column(rows, 2, 3);
        int[] ofTexts = column(rows, 0, 3);
        return new PairResult(ChoiceMetrics.of(ofTexts, candidates), ChoiceMetrics.of(column(rows, 1, 3), candidates),
                groups, samples.size() - pairs, unusable(ofTexts));
    }

    /** Adds the embeddings of picture and caption of each pair; not a number for both when one cannot be used. */
    private void embedGroup(CaptionedSamples samples, int first, int group) throws IOException {
        for (int at = state.tailFloats() / (2 * embedDim); at < group; at += batch.maxImages()) {
            int count = Math.min(batch.maxImages(), group - at);
            float[][] images = embed(samples, first + at, count);
            float[] both = new float[2 * embedDim];
            List<float[]> texts = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                texts.add(images[i] == null ? null : caption(samples, first + at + i));
            }
            for (int i = 0; i < count; i++) {
                boolean usable = images[i] != null && texts.get(i) != null;
                if (usable) {
                    System.arraycopy(images[i], 0, both, 0, embedDim);
                    System.arraycopy(texts.get(i), 0, both, embedDim, embedDim);
                } else {
                    Arrays.fill(both, Float.NaN);
                }
                state.appendTail(both);
            }
            listener.advanced(count);
            state.saveIfDue();
        }
    }

    private float[] caption(CaptionedSamples samples, int index) {
        float[] embedding = new float[embedDim];
        try {
            session.embedTexts(List.of(Text.truncated(samples.caption(index))), EmbeddingForm.NORMALIZED,
                    FloatBuffer.wrap(embedding), 0);
            requireFinite(embedding);
            return embedding;
        } catch (IOException | InvalidTextException | ArithmeticException e) {
            listener.unusable(samples.name(index), e.getMessage());
            return null;
        }
    }

    private void rank(int group, Backend backend) {
        float[] images = new float[group * embedDim];
        float[] texts = new float[group * embedDim];
        int[] place = new int[group];
        int usable = 0;
        for (int i = 0; i < group; i++) {
            int at = 2 * i * embedDim;
            place[i] = Float.isNaN(state.tail()[at]) ? -1 : usable;
            if (place[i] >= 0) {
                System.arraycopy(state.tail(), at, images, usable * embedDim, embedDim);
                System.arraycopy(state.tail(), at + embedDim, texts, usable * embedDim, embedDim);
                usable++;
            }
        }
        RetrievalRanks ranks = RetrievalRanks.of(backend, images, texts, usable, embedDim);
        for (int i = 0; i < group; i++) {
            boolean used = place[i] >= 0;
            state.append(new int[]{used ? ranks.ofTexts()[place[i]] : UNUSABLE,
                    used ? ranks.ofImages()[place[i]] : UNUSABLE, usable});
        }
        state.clearTail();
    }

    /** Embeddings of classes, [classes,E]. */
    private float[] classifier(List<String> names, List<String> templates) {
        listener.started("classes", names.size(), 0);
        float[] classes = new float[Math.multiplyExact(names.size(), embedDim)];
        for (int first = 0; first < names.size(); first += CLASS_GROUP) {
            List<String> group = names.subList(first, Math.min(first + CLASS_GROUP, names.size()));
            ZeroShotClassifier classifier = ZeroShotClassifier.build(session, group, templates, true);
            for (int i = 0; i < group.size(); i++) {
                System.arraycopy(classifier.labelEmbedding(i), 0, classes, (first + i) * embedDim, embedDim);
            }
            listener.advanced(group.size());
        }
        return classes;
    }

    private void score(float[] embedding, float[] classes, double[] scores) {
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Scores.dot(embedding, 0, classes, i, embedDim);
        }
    }

    /** Something that may be interrupted. */
    private interface Work {
        void run() throws IOException;
    }

    /** Keeps what is done when it cannot go on. */
    private void guarded(Work work) throws IOException {
        try {
            work.run();
        } catch (IOException | RuntimeException e) {
            try {
                state.save();
            } catch (IOException second) {
                e.addSuppressed(second);
            }
            throw e;
        }
    }

    private int[] run(Samples samples, int width, Judge judge) throws IOException {
        listener.started("pictures", samples.size(), state.rowInts() / width);
        guarded(() -> {
            for (int first = state.rowInts() / width; first < samples.size(); first += batch.maxImages()) {
                int count = Math.min(batch.maxImages(), samples.size() - first);
                float[][] embeddings = embed(samples, first, count);
                int[] rows = new int[count * width];
                int[] row = new int[width];
                for (int i = 0; i < count; i++) {
                    if (embeddings[i] == null) {
                        Arrays.fill(row, UNUSABLE);
                    } else {
                        judge.judge(first + i, embeddings[i], row);
                    }
                    System.arraycopy(row, 0, rows, i * width, width);
                }
                state.append(rows);
                listener.advanced(count);
                state.saveIfDue();
            }
        });
        int[] rows = new int[samples.size() * width];
        Arrays.setAll(rows, state::row);
        return rows;
    }

    /** Unit embeddings of some pictures, null for those that cannot be used. */
    private float[][] embed(Samples samples, int first, int count) {
        List<Integer> places = new ArrayList<>();
        List<Image> images = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            try {
                images.add(samples.image(first + i));
                places.add(i);
            } catch (IOException e) {
                listener.unusable(samples.name(first + i), e.getMessage());
            }
        }
        float[][] embeddings = new float[count][];
        try {
            embed(images, places, embeddings);
        } catch (ImageFormatException | UncheckedIOException | ArithmeticException batchFailure) {
            // One of them is to blame; the others have a right to their result.
            for (int i = 0; i < images.size(); i++) {
                try {
                    embed(images.subList(i, i + 1), places.subList(i, i + 1), embeddings);
                } catch (ImageFormatException | UncheckedIOException | ArithmeticException e) {
                    listener.unusable(samples.name(first + places.get(i)), e.getMessage());
                }
            }
        }
        return embeddings;
    }

    private void embed(List<Image> images, List<Integer> places, float[][] into) {
        float[] rows = new float[images.size() * embedDim];
        session.embedImages(images, EmbeddingForm.NORMALIZED, FloatBuffer.wrap(rows), 0);
        requireFinite(rows);
        for (int i = 0; i < images.size(); i++) {
            into[places.get(i)] = Arrays.copyOfRange(rows, i * embedDim, (i + 1) * embedDim);
        }
    }

    private static void requireFinite(float[] embedding) {
        for (float value : embedding) {
            if (!Float.isFinite(value)) {
                throw new ArithmeticException("embedding is not finite: value=" + value
                        + "; the model's weights or the precision do not hold this input");
            }
        }
    }

    private static int[] column(int[] rows, int column, int width) {
        int[] values = new int[rows.length / width];
        Arrays.setAll(values, i -> rows[i * width + column]);
        return values;
    }

    private static int unusable(int[] ranks) {
        return (int) Arrays.stream(ranks).filter(rank -> rank == UNUSABLE).count();
    }

    private static Map<String, ChoiceMetrics> parts(Samples samples, int[] ranks, int[] candidates) {
        Map<String, ChoiceMetrics> parts = new LinkedHashMap<>();
        if (!(samples instanceof Parted parted)) {
            return parts;
        }
        for (int part = 0; part < parted.parts().size(); part++) {
            int[] own = new int[ranks.length];
            for (int i = 0; i < own.length; i++) {
                own[i] = parted.part(i) == part ? ranks[i] : UNUSABLE;
            }
            parts.put(parted.parts().get(part), ChoiceMetrics.of(own, candidates));
        }
        return parts;
    }

    @Override
    public void close() {
        session.close();
    }
}
