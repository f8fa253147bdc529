package org.clip4j.benchmarks.head;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.clip4j.benchmarks.AnswerCheck;
import org.clip4j.benchmarks.VitB32;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Text;
import org.clip4j.clip.Tower;
import org.clip4j.kernels.Backends;
import org.clip4j.kernels.Precision;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How long does it take to embed all prompts of a zero-shot head, with and without computing once what they begin with
 * in common? An iteration is one window of prompts, in turn with sharing and without, so that a neighbour who comes and
 * goes slows both; {@code benchmarks/run head} takes them apart. Prompts are tokenized beforehand.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
public class ZeroShotHeadBenchmark {
    /** System property: the real vocabulary. */
    static final String VOCABULARY_PROPERTY = "clip4j.vocab";
    /** Prompts of an iteration, as many as {@link org.clip4j.clip.ZeroShotClassifier} embeds at a time. */
    static final int WINDOW = 4096;

    /** Number of classes. */
    @Param("1000")
    public int classes;

    /** Name of a backend. */
    @Param(Backends.AUTO)
    public String backend;

    /** What products are computed in. */
    @Param("bf16")
    public String precision;

    /** Threads of a call. */
    @Param("2")
    public int threads;

    private HeadPrompts prompts;
    private ClipModel model;
    private ClipSession shared;
    private ClipSession unshared;
    private FloatBuffer ofShared;
    private FloatBuffer ofUnshared;
    private int round = -1;
    private List<Text> window;

    static Path vocabulary() {
        String file = System.getProperty(VOCABULARY_PROPERTY);
        if (file == null) {
            throw new IllegalStateException("the prompts need the real vocabulary: set CLIP4J_VOCAB to"
                    + " bpe_simple_vocab_16e6.txt.gz");
        }
        return Path.of(file);
    }

    /** Windows of a head with so many prompts. */
    static int windows(int prompts) {
        return (prompts + WINDOW - 1) / WINDOW;
    }

    /** Loads the text tower, and opens a session of each kind. */
    @Setup
    public void open() throws IOException {
        prompts = HeadPrompts.of(classes, vocabulary());
        model = ClipModel.load(VitB32.modelFile(),
                LoadOptions.defaults().withTowers(Tower.TEXT).withBackend(backend).withThreads(threads)
                        .withPrecision(precision()));
        shared = model.newSession();
        unshared = model.newSession(SessionOptions.defaults().withSharedPrefixes(false));
        ofShared = FloatBuffer.allocate(Math.min(WINDOW, prompts.size()) * model.embedDim());
        ofUnshared = FloatBuffer.allocate(ofShared.capacity());
    }

    /** Hands the turn over; each window is embedded with sharing, then without. */
    @Setup(Level.Iteration)
    public void nextTurn() {
        round++;
        int first = round / 2 % windows(prompts.size()) * WINDOW;
        window = new ArrayList<>();
        for (int i = first; i < Math.min(first + WINDOW, prompts.size()); i++) {
            window.add(Text.tokens(prompts.prompt(i)));
        }
        HeadProfiler.start(session());
    }

    private Precision precision() {
        return Precision.valueOf(precision.toUpperCase(Locale.ROOT));
    }

    private ClipSession session() {
        return round % 2 == 0 ? shared : unshared;
    }

    /** Embeds a window. */
    @Benchmark
    public FloatBuffer embed() {
        FloatBuffer out = round % 2 == 0 ? ofShared : ofUnshared;
        session().embedTexts(window, EmbeddingForm.RAW, out, 0);
        return out;
    }

    /** Compares both once a window is through; each may be off by as much as an encoder may. */
    @TearDown(Level.Iteration)
    public void check() {
        if (round % 2 == 1) {
            double[] expected = new double[window.size() * model.embedDim()];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = ofUnshared.get(i);
            }
            HeadProfiler.difference(AnswerCheck.requireClose("shared prefixes", expected, ofShared, model.embedDim(),
                    2 * AnswerCheck.limit(precision())));
        }
    }

    /** Closes the model. */
    @TearDown
    public void close() {
        model.close();
    }
}
