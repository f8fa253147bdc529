package org.clip4j.training.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.ZeroShotClassifier;
import org.clip4j.converter.ProgressListener;
import org.clip4j.converter.Synth;
import org.clip4j.image.Image;
import org.clip4j.kernels.Activation;
import org.clip4j.kernels.Backend;
import org.clip4j.kernels.BackendOptions;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.clip4j.training.dataset.CaptionedSamples;
import org.clip4j.training.dataset.LabelledSamples;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.PreprocessSpec;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorTest {
    private static final int SIDE = 32;
    private static final List<String> TEMPLATES = List.of("{}", "a picture of {}", "this is {}");
    private static final Map<String, String> SETTINGS = Map.of("model", "tiny", "task", "test");

    @TempDir
    private static Path folder;
    private static ClipModel model;
    private static Backend backend;

    private final Told heard = new Told();

    /** What an evaluation has told. */
    private static final class Told implements Evaluator.Listener {
        private final List<String> unusable = new ArrayList<>();
        private final List<String> started = new ArrayList<>();
        private long advanced;

        @Override
        public void started(String task, long total, long done) {
            started.add(task + " " + done + "/" + total);
            advanced = done;
        }

        @Override
        public void advanced(long steps) {
            advanced += steps;
        }

        @Override
        public void unusable(String sample, String reason) {
            unusable.add(sample + ": " + reason);
        }
    }

    @BeforeAll
    static void makeModel() throws IOException {
        Path vocab = Files.writeString(folder.resolve("merges.txt"), "#version: 0.2\nt h\nth e</w>\na n\n");
        Path file = folder.resolve("tiny.safetensors");
        ClipConfig config = new ClipConfig(16,
                new VisionConfig.Transformer(SIDE, 16, 64, 1, 1, 256, Activation.QUICK_GELU),
                new TextConfig(160, 512 + 3 + 2, 64, 1, 1, 256, Activation.QUICK_GELU, TextConfig.LARGEST_ID),
                new PreprocessSpec(SIDE, List.of(0.5f, 0.5f, 0.5f), List.of(0.5f, 0.5f, 0.5f)));
        Synth.write(config, "tiny", file, "7", Optional.of(vocab), 1, ProgressListener.NONE);
        model = ClipModel.load(file);
        backend = Backends.open("cpu", Backends.AUTO, new BackendOptions(1, Precision.F32));
    }

    @AfterAll
    static void close() {
        model.close();
        backend.close();
    }

    /** Interrupts an evaluation at a picture, by an error that is no sample's fault. */
    private static final class Power {
        private int left;

        Power(int pictures) {
            left = pictures;
        }

        void use() {
            if (left-- <= 0) {
                throw new IllegalStateException("power cut");
            }
        }
    }

    /** Drawn classes, some of whose pictures cannot be used. */
    private record Classes(DrawnClasses set, Power power, List<Integer> broken) implements LabelledSamples, Parted {
        @Override
        public int size() {
            return set.size();
        }

        @Override
        public String name(int index) {
            return set.name(index);
        }

        @Override
        public Image image(int index) throws IOException {
            power.use();
            if (broken.contains(index)) {
                return Image.of(new byte[]{1, 2, 3});
            }
            return set.image(index);
        }

        @Override
        public String identity() {
            return set.identity();
        }

        @Override
        public List<String> classes() {
            return set.classes();
        }

        @Override
        public int label(int index) {
            return set.label(index);
        }

        @Override
        public List<String> parts() {
            return set.parts();
        }

        @Override
        public int part(int index) {
            return set.part(index);
        }

        @Override
        public void close() {}
    }

    /** Drawn captions, some of whose pictures or captions cannot be used. */
    private record Captions(DrawnCaptions set, Power power, List<Integer> broken,
            List<Integer> mute) implements CaptionedSamples {
        @Override
        public int size() {
            return set.size();
        }

        @Override
        public String name(int index) {
            return set.name(index);
        }

        @Override
        public Image image(int index) {
            power.use();
            return broken.contains(index) ? Image.of(new byte[]{1, 2, 3}) : set.image(index);
        }

        @Override
        public String caption(int index) throws IOException {
            if (mute.contains(index)) {
                throw new IOException("caption is empty");
            }
            return set.caption(index);
        }

        @Override
        public String identity() {
            return set.identity();
        }

        @Override
        public void close() {}
    }

    private static Classes digits(int count, int power, Integer... broken) {
        return new Classes((DrawnClasses) DrawnSets.open("words", 3, count, SIDE), new Power(power), List.of(broken));
    }

    private static Captions captions(int count, int power) {
        return new Captions((DrawnCaptions) DrawnSets.open("pairs", 3, count, SIDE), new Power(power), List.of(),
                List.of());
    }

    private Evaluator.ClassResult classes(Classes samples, EvaluationState state) throws IOException {
        try (Evaluator evaluator = new Evaluator(model, state, heard)) {
            return evaluator.classes(samples, samples.classes(), TEMPLATES);
        }
    }

    @Test
    void classificationIsThatOfTheClassifier() throws IOException {
        Classes samples = digits(60, 1000, 5, 41);
        Evaluator.ClassResult result = classes(samples, EvaluationState.inMemory());
        int right = 0;
        int rightSeen = 0;
        int seen = 0;
        try (ClipSession session = model.newSession()) {
            ZeroShotClassifier classifier = ZeroShotClassifier.build(session, samples.classes(), TEMPLATES);
            for (int i = 0; i < 60; i++) {
                if (i == 5 || i == 41) {
                    continue;
                }
                String answer = classifier.classify(session.embed(samples.set().image(i))).get(0).label();
                boolean hit = answer.equals(samples.classes().get(samples.label(i)));
                right += hit ? 1 : 0;
                seen += samples.part(i) == 0 ? 1 : 0;
                rightSeen += hit && samples.part(i) == 0 ? 1 : 0;
            }
        }
        assertThat(result.unusable()).isEqualTo(2);
        assertThat(heard.unusable).hasSize(2).allMatch(line -> line.contains("not an image"))
                .anyMatch(line -> line.startsWith("words/5")).anyMatch(line -> line.startsWith("words/41"));
        assertThat(result.metrics().overall().count()).isEqualTo(58);
        assertThat(result.metrics().overall().top1()).isEqualTo(right / 58.0);
        assertThat(result.parts().get("seen").count()).isEqualTo(seen);
        assertThat(result.parts().get("seen").top1()).isEqualTo((double) rightSeen / seen);
        assertThat(heard.advanced).isEqualTo(60);
    }

    @Test
    void anInterruptedClassificationGoesOnToTheSameResult() throws IOException {
        Evaluator.ClassResult whole = classes(digits(60, 1000, 9), EvaluationState.inMemory());
        Path file = folder.resolve("classes.state");
        // One more each time than a batch: work is lost, but never what was done.
        for (int run = 0; run < 3; run++) {
            assertThatThrownBy(() -> classes(digits(60, 17, 9), EvaluationState.open(file, SETTINGS)))
                    .hasMessageContaining("power cut");
            assertThat(file).exists();
        }
        heard.started.clear();
        EvaluationState state = EvaluationState.open(file, SETTINGS);
        assertThat(state.resumed()).isTrue();
        assertThat(classes(digits(60, 1000, 9), state)).isEqualTo(whole);
        assertThat(heard.started).contains("pictures 48/60");
        state.delete();
        assertThat(file).doesNotExist();
    }

    @Test
    void promptsHaveOneAccuracyForEachTemplateAndOneForAll() throws IOException {
        Classes samples = digits(46, 1000);
        Evaluator.PromptResult result;
        try (Evaluator evaluator = new Evaluator(model, EvaluationState.inMemory(), heard)) {
            result = evaluator.prompts(samples, samples.classes(), TEMPLATES);
        }
        assertThat(result.metrics().templates()).hasSize(TEMPLATES.size());
        assertThat(result.metrics().ensemble()).isEqualTo(
                classes(digits(46, 1000), EvaluationState.inMemory()).metrics().overall().top1());
        for (int i = 0; i < TEMPLATES.size(); i++) {
            try (Evaluator evaluator = new Evaluator(model, EvaluationState.inMemory(), heard)) {
                assertThat(evaluator.classes(digits(46, 1000), samples.classes(), TEMPLATES.subList(i, i + 1))
                        .metrics().overall().top1()).isEqualTo(result.metrics().templates().get(i));
            }
        }
    }

    @Test
    void pairsAreRankedWithinTheirGroupAsByADirectComputation() throws IOException {
        Captions samples = new Captions((DrawnCaptions) DrawnSets.open("pairs", 3, 50, SIDE), new Power(1000),
                List.of(3), List.of(30));
        Evaluator.PairResult result;
        try (Evaluator evaluator = new Evaluator(model, EvaluationState.inMemory(), heard)) {
            result = evaluator.pairs(samples, 20, backend);
        }
        assertThat(result.groups()).isEqualTo(2);
        assertThat(result.leftOut()).isEqualTo(10);
        assertThat(result.unusable()).isEqualTo(2);
        assertThat(heard.unusable).hasSize(2);
        int byImage = 0;
        int byText = 0;
        for (int first = 0; first < 40; first += 20) {
            List<float[]> images = new ArrayList<>();
            List<float[]> texts = new ArrayList<>();
            for (int i = first; i < first + 20; i++) {
                if (i != 3 && i != 30) {
                    images.add(model.embed(samples.set().image(i)));
                    texts.add(model.embed(samples.set().caption(i)));
                }
            }
            for (int i = 0; i < images.size(); i++) {
                byImage += rank(images.get(i), texts, i) < 5 ? 1 : 0;
                byText += rank(texts.get(i), images, i) < 5 ? 1 : 0;
            }
        }
        assertThat(result.imageToText().count()).isEqualTo(38);
        assertThat(result.imageToText().top5()).isEqualTo(byImage / 38.0);
        assertThat(result.textToImage().top5()).isEqualTo(byText / 38.0);
        assertThat(result.imageToText().chance()).isCloseTo(1 / 19.0, within(1e-12));
    }

    private static int rank(float[] query, List<float[]> candidates, int right) {
        double[] scores = new double[candidates.size()];
        for (int i = 0; i < scores.length; i++) {
            scores[i] = Scores.dot(query, 0, candidates.get(i), 0, query.length);
        }
        return Scores.rank(scores, right);
    }

    @Test
    void interruptedPairsGoOnToTheSameResult() throws IOException {
        Path file = folder.resolve("pairs.state");
        Evaluator.PairResult whole = pairs(captions(60, 1000), EvaluationState.inMemory());
        for (int run = 0; run < 4; run++) {
            assertThatThrownBy(() -> pairs(captions(60, 15), EvaluationState.open(file, SETTINGS)))
                    .hasMessageContaining("power cut");
        }
        assertThat(pairs(captions(60, 1000), EvaluationState.open(file, SETTINGS))).isEqualTo(whole);
    }

    private Evaluator.PairResult pairs(Captions samples, EvaluationState state) throws IOException {
        try (Evaluator evaluator = new Evaluator(model, state, heard)) {
            return evaluator.pairs(samples, 20, backend);
        }
    }

    @Test
    void choicesAreMadeAmongTheCaptionsOfAPicture() throws IOException {
        DrawnChoices samples = (DrawnChoices) DrawnSets.open("counting", 3, 20, SIDE);
        Evaluator.ChoiceResult result;
        try (Evaluator evaluator = new Evaluator(model, EvaluationState.inMemory(), heard)) {
            result = evaluator.choices(samples, List.of("{}"));
        }
        int right = 0;
        for (int i = 0; i < 20; i++) {
            List<float[]> texts = samples.candidates(i).stream().map(model::embed).toList();
            right += rank(model.embed(samples.image(i)), texts, 0) == 0 ? 1 : 0;
        }
        assertThat(result.overall().top1()).isEqualTo(right / 20.0);
        assertThat(result.overall().chance()).isCloseTo(0.2, within(1e-12));
        assertThat(result.parts()).containsOnlyKeys("1", "2", "3", "4", "5");
        assertThat(result.parts().values()).allMatch(part -> part.count() == 4);
    }

    @Test
    void aStateOfAnotherEvaluationIsRefused() throws IOException {
        Path file = folder.resolve("other.state");
        assertThatThrownBy(() -> classes(digits(60, 17), EvaluationState.open(file, SETTINGS)))
                .isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> EvaluationState.open(file, Map.of("model", "other", "task", "test")))
                .isInstanceOf(EvaluationException.class).hasMessageContaining("differs=model")
                .hasMessageContaining("expected=other actual=tiny").hasMessageContaining("--state");
        assertThatThrownBy(() -> EvaluationState.open(file, Map.of("model", "tiny")))
                .isInstanceOf(EvaluationException.class).hasMessageContaining("differs=task");
    }

    @Test
    void aDamagedStateIsRefusedWhereverItIsDamaged() throws IOException {
        Path file = folder.resolve("damaged.state");
        assertThatThrownBy(() -> classes(digits(60, 17), EvaluationState.open(file, SETTINGS)))
                .isInstanceOf(IllegalStateException.class);
        byte[] bytes = Files.readAllBytes(file);
        for (int at = 0; at < bytes.length; at++) {
            byte[] damaged = bytes.clone();
            damaged[at] ^= 0x10;
            Files.write(file, damaged);
            assertThatThrownBy(() -> EvaluationState.open(file, SETTINGS)).as("at=%d", at)
                    .isInstanceOf(EvaluationException.class).hasMessageContaining("damaged.state");
        }
        for (int length : new int[]{0, 3, 20, bytes.length - 1}) {
            Files.write(file, Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> EvaluationState.open(file, SETTINGS)).as("length=%d", length)
                    .isInstanceOf(EvaluationException.class).hasMessageContaining("delete it");
        }
    }
}
