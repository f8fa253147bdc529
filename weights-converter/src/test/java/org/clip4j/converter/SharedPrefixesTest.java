package org.clip4j.converter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.clip4j.testing.Closeness.assertClose;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.ClipSession;
import org.clip4j.clip.EmbeddingForm;
import org.clip4j.clip.LoadOptions;
import org.clip4j.clip.SessionOptions;
import org.clip4j.clip.Text;
import org.clip4j.clip.Tower;
import org.clip4j.weights.TextConfig;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Texts that share what they begin with, against the same encoder computing every token of every text. */
class SharedPrefixesTest {
    private static final int START = 998;
    private static final int END = 999;
    /** Half the distance from 1 to the next float: the relative error of one rounding. */
    private static final double EPSILON = 0x1p-24;

    private final long seed = Long.getLong("clip4j.seed", new Random().nextLong());
    private final Random random = new Random(seed);

    @TempDir
    private Path folder;
    private ClipModel model;

    private void load(String backend) throws IOException {
        model = ClipModel.load(TinyModel.convert(folder),
                LoadOptions.defaults().withTowers(Tower.TEXT).withBackend(backend).withThreads(2));
    }

    @AfterEach
    void close() {
        model.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"openblas", "java", "reference"})
    void awkwardBatchesEqualTheUnsharedEncoder(String backend) throws IOException {
        load(backend);
        int[] cat = {START, 320, 2, 7, END};
        check("one text", List.of(cat), 16);
        check("identical texts", List.of(cat, cat, cat), 16);
        check("identical texts among others", List.of(cat, new int[]{START, END}, cat, new int[]{START, 5, END}, cat),
                16);
        // The largest id is pooled: these are 5 7 and 5 7 9 and 5 7 9.
        check("one the beginning of another", List.of(new int[]{5, 7, 3}, new int[]{5, 7, 9}, new int[]{5, 7, 9, 9}),
                16);
        check("another the beginning of one", List.of(new int[]{5, 7, 9}, new int[]{5, 7, 3}, new int[]{5, 6}), 16);
        check("nothing shared", IntStream.range(0, 7).mapToObj(i -> new int[]{i, 3, 3, END}).toList(), 16);
        check("all but the last word shared",
                IntStream.range(0, 9).mapToObj(i -> text(IntStream.concat(IntStream.range(10, 23), IntStream.of(i))))
                        .toList(),
                16);
        check("more tokens than one pass computes", IntStream.range(0, 60)
                .mapToObj(i -> text(IntStream.concat(IntStream.range(10, 20), IntStream.of(i)))).toList(), 16);
        check("each longer by a word", IntStream.range(0, 14).mapToObj(i -> text(IntStream.range(20, 20 + i))).toList(),
                16);
        check("each shorter by a word",
                IntStream.range(0, 14).mapToObj(i -> text(IntStream.range(20, 34 - i))).toList(), 16);
    }

    @ParameterizedTest
    @ValueSource(strings = {"openblas", "java"})
    void batchesLargerThanAPassEqualTheUnsharedEncoder(String backend) throws IOException {
        load(backend);
        for (int alphabet : new int[]{1, 2, 5, 900}) {
            List<int[]> texts = new ArrayList<>();
            for (int i = 0; i < 101; i++) {
                texts.add(text(random.ints(random.nextInt(15), 0, alphabet)));
            }
            for (int maxTexts : new int[]{1, 3, 16}) {
                check("alphabet=" + alphabet + " maxTexts=" + maxTexts, texts, maxTexts);
            }
        }
    }

    private static int[] text(IntStream words) {
        return IntStream.concat(IntStream.concat(IntStream.of(START), words), IntStream.of(END)).toArray();
    }

    /** Embeds tokens in the order given, and texts in the order that shares most. */
    private void check(String what, List<int[]> texts, int maxTexts) {
        SessionOptions options = new SessionOptions(1, maxTexts);
        int[] offsets = new int[texts.size() + 1];
        for (int i = 0; i < texts.size(); i++) {
            offsets[i + 1] = offsets[i] + texts.get(i).length;
        }
        int[] ids = texts.stream().flatMapToInt(Arrays::stream).toArray();
        float[] expected = new float[texts.size() * model.embedDim()];
        float[] ofTokens = new float[expected.length];
        float[] ofTexts = new float[expected.length];
        try (ClipSession unshared = model.newSession(options.withSharedPrefixes(false));
                ClipSession shared = model.newSession(options);
                ClipSession sorted = model.newSession(options)) {
            unshared.embedTokens(ids, offsets, texts.size(), EmbeddingForm.RAW, FloatBuffer.wrap(expected), 0);
            shared.embedTokens(ids, offsets, texts.size(), EmbeddingForm.RAW, FloatBuffer.wrap(ofTokens), 0);
            sorted.embedTexts(texts.stream().map(Text::tokens).toList(), EmbeddingForm.RAW, FloatBuffer.wrap(ofTexts),
                    0);
            assertThat(unshared.computedTextTokens()).as(what).isEqualTo(unshared.textTokens());
            assertThat(shared.textTokens()).as(what).isEqualTo(unshared.textTokens());
            assertThat(sorted.textTokens()).as(what).isEqualTo(unshared.textTokens());
            int least = beginnings(texts);
            assertThat(shared.computedTextTokens()).as(what).isBetween((long) least, shared.textTokens());
            assertThat(sorted.computedTextTokens()).as(what).isBetween((long) least, sorted.textTokens());
            // What one pass has room for: nodes, and texts and their tokens as multiples of them.
            int maxNodes = maxTexts * model.config().text().contextLength();
            if (least <= maxNodes && texts.size() <= maxNodes / 4 && ids.length <= 4 * maxNodes) {
                assertThat(shared.computedTextTokens()).as(what).isEqualTo(least);
                assertThat(sorted.computedTextTokens()).as(what).isEqualTo(least);
            }
        }
        if (model.backendName().equals("reference")) {
            // It adds in one order, however many rows and keys there are.
            assertThat(ofTokens).as("%s seed=%d", what, seed).containsExactly(expected);
            assertThat(ofTexts).as("%s seed=%d", what, seed).containsExactly(expected);
        } else {
            assertRows(what + " tokens", expected, ofTokens);
            assertRows(what + " texts", expected, ofTexts);
        }
    }

    /** Beginnings of the texts, cut behind the pooled token. */
    private static int beginnings(List<int[]> texts) {
        Set<List<Integer>> all = new HashSet<>();
        for (int[] text : texts) {
            int pooled = 0;
            for (int i = 0; i < text.length; i++) {
                pooled = text[i] > text[pooled] ? i : pooled;
            }
            for (int end = 1; end <= pooled + 1; end++) {
                all.add(Arrays.stream(text, 0, end).boxed().toList());
            }
        }
        return all.size();
    }

    /**
     * A block is eight sums one after another (two norms, q k v, scores, values, three layers), the longest of K = MLP
     * width terms, whose roundings add up like sqrt(K); so is what precedes and follows the blocks, at most. Both sides
     * have these roundings, and norms of rows keep them in proportion.
     */
    private void assertRows(String what, float[] expected, float[] actual) {
        TextConfig text = model.config().text();
        double relative = 2 * 8 * (text.layers() + 1) * Math.sqrt(text.mlpWidth()) * EPSILON;
        int width = model.embedDim();
        double[] limits = new double[expected.length];
        for (int row = 0; row < expected.length / width; row++) {
            double squares = 0;
            for (int i = row * width; i < (row + 1) * width; i++) {
                squares += expected[i] * expected[i];
            }
            Arrays.fill(limits, row * width, (row + 1) * width, relative * Math.sqrt(squares));
        }
        assertClose(model.backendName() + " " + what + " seed=" + seed, doubles(expected), doubles(actual), limits);
    }

    private static double[] doubles(float[] values) {
        return IntStream.range(0, values.length).mapToDouble(i -> values[i]).toArray();
    }
}
