package org.clip4j.clip;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.clip4j.image.Image;
import org.clip4j.image.Preprocessor;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.Tensor;
import org.clip4j.model.ImageTower;
import org.clip4j.model.TextTower;

/**
 * One thread's way to embed. Holds the activations of a forward pass, so that {@link #embedPixels} and
 * {@link #embedTokens} allocate nothing once they have run for the first time.
 *
 * <p>One thread at a time: a second one that calls meanwhile gets an {@link IllegalStateException}. Closed by whoever
 * opened it, or with its model. Output goes to the caller's buffers at absolute positions; their position and limit do
 * not change.
 */
public final class ClipSession implements AutoCloseable {
    /** Tokens of a prompt of a few words; even shorter texts do not fill a pass. */
    private static final int SHORT_TEXT = 8;

    private final ClipModel model;
    private final SessionOptions options;
    private final boolean sharing;
    private final ExecutionContext context;
    private final Arena arena;
    private final L2Normalize l2Normalize;
    private final AtomicBoolean busy = new AtomicBoolean();
    private final AtomicBoolean freed = new AtomicBoolean();
    /** The thread that has borrowed this session of the model's pool and entered the model's gate for it, or null. */
    private Thread borrower;
    private boolean pooled;
    private ImageTower.Pass imagePass;
    private TextTower.Pass textPass;
    private Tensor[] textRows; // [E] each, of the pass's output
    private Preprocessor preprocessor;
    private int[] ids;
    private int[] offsets;
    private long tokensEmbedded;
    private long nodesComputed;

    ClipSession(ClipModel model, SessionOptions options, boolean sharing) {
        this.model = model;
        this.options = options;
        this.sharing = sharing;
        this.l2Normalize = model.backend().l2Normalize(model.embedDim());
        this.arena = model.backend().newArena();
        this.context = model.backend().newContext();
    }

    /** The model it belongs to. */
    public ClipModel model() {
        return model;
    }

    /** Embeds an image; unit length, [E]. */
    public float[] embed(Image image) {
        float[] embedding = new float[model.embedDim()];
        embedImages(List.of(image), EmbeddingForm.NORMALIZED, FloatBuffer.wrap(embedding), 0);
        return embedding;
    }

    /**
     * Embeds a text; unit length, [E].
     *
     * @throws org.clip4j.text.TextTooLongException when it has more tokens than the context
     */
    public float[] embed(String text) {
        float[] embedding = new float[model.embedDim()];
        embedTexts(List.of(Text.of(text)), EmbeddingForm.NORMALIZED, FloatBuffer.wrap(embedding), 0);
        return embedding;
    }

    /**
     * Decodes, preprocesses and embeds images of any size.
     *
     * @param out receives [images, E] from {@code outIndex} on
     * @throws org.clip4j.image.ImageFormatException when one cannot be decoded
     */
    public void embedImages(List<Image> images, EmbeddingForm form, FloatBuffer out, int outIndex) {
        enter();
        try {
            requireRoom(out, outIndex, images.size());
            ImageTower.Pass pass = imagePass();
            int resolution = model.imageResolution();
            for (int first = 0; first < images.size(); first += options.maxImages()) {
                int count = Math.min(options.maxImages(), images.size() - first);
                for (int i = 0; i < count; i++) {
                    preprocessor().tensor(images.get(first + i), pass.input().floats(),
                            i * 3 * resolution * resolution);
                }
                runImages(pass, count, form, out, outIndex + first * model.embedDim());
            }
        } finally {
            exit();
        }
    }

    /**
     * Embeds preprocessed images.
     *
     * @param pixels [images, 3, R, R] from {@code pixelsIndex} on, normalised as the model wants it
     * @param out receives [images, E] from {@code outIndex} on
     * @throws IllegalArgumentException when a value is not finite
     */
    public void embedPixels(FloatBuffer pixels, int pixelsIndex, int images, EmbeddingForm form, FloatBuffer out,
            int outIndex) {
        enter();
        try {
            requireRoom(out, outIndex, images);
            int pixelsPerImage = 3 * model.imageResolution() * model.imageResolution();
            requireFinite(pixels, pixelsIndex, images, pixelsPerImage);
            ImageTower.Pass pass = imagePass();
            for (int first = 0; first < images; first += options.maxImages()) {
                int count = Math.min(options.maxImages(), images - first);
                context.upload(pixels, pixelsIndex + first * pixelsPerImage, pass.input(), count * pixelsPerImage);
                runImages(pass, count, form, out, outIndex + first * model.embedDim());
            }
        } finally {
            exit();
        }
    }

    private void runImages(ImageTower.Pass pass, int count, EmbeddingForm form, FloatBuffer out, int outIndex) {
        pass.run(count);
        normalize(pass.output(), count, form);
        context.download(pass.output(), out, outIndex, count * model.embedDim());
    }

    private void normalize(Tensor output, int count, EmbeddingForm form) {
        if (form == EmbeddingForm.NORMALIZED) {
            l2Normalize.run(context, output, count, output);
        }
    }

    /**
     * Tokenizes and embeds texts: all are tokenized first, and those that begin alike are embedded together, so that what
     * they have in common is computed once.
     *
     * @param out receives [texts, E] from {@code outIndex} on
     * @throws org.clip4j.text.TextTooLongException when one has more tokens than the context and may not be truncated
     * @throws IllegalStateException when the model has no vocabulary
     */
    public void embedTexts(List<Text> texts, EmbeddingForm form, FloatBuffer out, int outIndex) {
        enter();
        try {
            requireRoom(out, outIndex, texts.size());
            int[][] tokens = new int[texts.size()][];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = texts.get(i).encode(texts.get(i).isTokens() ? null : model.tokenizer());
                requireTokens(tokens[i], 0, tokens[i].length, i);
            }
            Integer[] order = new Integer[tokens.length];
            Arrays.setAll(order, i -> i);
            Arrays.sort(order, (a, b) -> Arrays.compare(tokens[a], tokens[b]));
            textPass();
            int first = 0;
            while (first < order.length) {
                int count = 0;
                while (first + count < order.length && fits(tokens[order[first + count]].length, count)) {
                    int[] added = tokens[order[first + count]];
                    System.arraycopy(added, 0, ids, offsets[count], added.length);
                    count++;
                    offsets[count] = offsets[count - 1] + added.length;
                }
                runTexts(count, form);
                for (int i = 0; i < count; i++) {
                    context.download(textRows[i], out, outIndex + order[first + i] * model.embedDim(),
                            model.embedDim());
                }
                first += count;
            }
        } finally {
            exit();
        }
    }

    /** Whether a text goes into a pass of {@code count} texts. */
    private boolean fits(int length, int count) {
        return count < textRows.length && offsets[count] + length <= ids.length;
    }

    /** Embeds the first {@code count} texts of the ids. */
    private void runTexts(int count, EmbeddingForm form) {
        textPass.run(ids, offsets, count);
        tokensEmbedded += textPass.tokens();
        nodesComputed += textPass.nodes();
        normalize(textPass.output(), count, form);
    }

    /** Tokens of all texts so far, up to and with the pooled ones. */
    long tokens() {
        return tokensEmbedded;
    }

    /** Tokens that were computed for them, those shared once per pass. */
    long nodes() {
        return nodesComputed;
    }

    /**
     * Embeds texts that are tokens already, in passes of neighbours: what those begin with in common is computed once.
     *
     * @param tokenIds ids of all texts, one after another, each text with its start and end token, without padding
     * @param textOffsets texts + 1 ascending positions in {@code tokenIds}, the first one 0
     * @param out receives [texts, E] from {@code outIndex} on
     * @throws IllegalArgumentException when a text is empty, longer than the context, or has an id outside the vocabulary
     */
    public void embedTokens(int[] tokenIds, int[] textOffsets, int texts, EmbeddingForm form, FloatBuffer out,
            int outIndex) {
        enter();
        try {
            requireRoom(out, outIndex, texts);
            requireOffsets(tokenIds, textOffsets, texts);
            TextTower.Pass pass = textPass();
            int first = 0;
            while (first < texts) {
                int start = textOffsets[first];
                int count = 0;
                while (first + count < texts && fits(textOffsets[first + count + 1] - start - offsets[count], count)) {
                    count++;
                    offsets[count] = textOffsets[first + count] - start;
                }
                System.arraycopy(tokenIds, start, ids, 0, offsets[count]);
                runTexts(count, form);
                context.download(pass.output(), out, outIndex + first * model.embedDim(), count * model.embedDim());
                first += count;
            }
        } finally {
            exit();
        }
    }

    private ImageTower.Pass imagePass() {
        if (imagePass == null) {
            imagePass = model.imageTower().newPass(context, arena, options.maxImages());
        }
        return imagePass;
    }

    private TextTower.Pass textPass() {
        if (textPass == null) {
            int maxTokens = options.maxTexts() * model.config().text().contextLength();
            int maxTexts = Math.max(options.maxTexts(), maxTokens / SHORT_TEXT);
            textPass = model.textTower().newPass(context, arena, maxTexts, maxTokens, sharing);
            ids = new int[maxTokens];
            offsets = new int[maxTexts + 1];
            textRows = new Tensor[maxTexts];
            Arrays.setAll(textRows, i -> textPass.output().rows(i, i + 1));
        }
        return textPass;
    }

    private Preprocessor preprocessor() {
        if (preprocessor == null) {
            preprocessor = new Preprocessor(Preprocessing.of(model.config().preprocess()));
        }
        return preprocessor;
    }

    private void requireRoom(FloatBuffer out, int outIndex, int rows) {
        long needed = (long) rows * model.embedDim();
        if (rows < 0 || outIndex < 0 || outIndex + needed > out.limit()) {
            throw new IndexOutOfBoundsException("output buffer is too small: index=" + outIndex + " needed=" + needed
                    + " limit=" + out.limit() + " rows=" + rows + " embedDim=" + model.embedDim());
        }
    }

    private static void requireFinite(FloatBuffer pixels, int start, int images, int pixelsPerImage) {
        long needed = (long) images * pixelsPerImage;
        if (start < 0 || start + needed > pixels.limit()) {
            throw new IndexOutOfBoundsException("pixel buffer is too small: index=" + start + " needed=" + needed
                    + " limit=" + pixels.limit() + " images=" + images);
        }
        int count = (int) needed;
        // Infinity and NaN are the only values that, times zero, are not zero.
        float poison = 0;
        for (int i = 0; i < count; i++) {
            poison += pixels.get(start + i) * 0f;
        }
        if (poison == 0f) {
            return;
        }
        for (int i = 0; i < count; i++) {
            if (!Float.isFinite(pixels.get(start + i))) {
                throw new IllegalArgumentException("pixels must be finite: image=" + i / pixelsPerImage + " index="
                        + i % pixelsPerImage + " value=" + pixels.get(start + i));
            }
        }
    }

    private void requireOffsets(int[] tokenIds, int[] textOffsets, int texts) {
        if (texts < 0 || textOffsets.length <= texts || textOffsets[0] != 0) {
            throw new IllegalArgumentException(
                    "offsets must start at 0 and be one more than the texts: offsets=" + textOffsets.length + " texts="
                            + texts + (textOffsets.length > 0 ? " first=" + textOffsets[0] : ""));
        }
        for (int text = 0; text < texts; text++) {
            if (textOffsets[text + 1] > tokenIds.length) {
                throw new IllegalArgumentException("offsets lead beyond the ids: text=" + text + " offset="
                        + textOffsets[text + 1] + " ids=" + tokenIds.length);
            }
            requireTokens(tokenIds, textOffsets[text], textOffsets[text + 1], text);
        }
    }

    private void requireTokens(int[] tokenIds, int from, int to, int text) {
        int contextLength = model.config().text().contextLength();
        int vocabSize = model.config().text().vocabSize();
        if (to - from < 1 || to - from > contextLength) {
            throw new IllegalArgumentException("text has a wrong number of tokens: text=" + text + " tokens="
                    + (to - from) + " contextLength=" + contextLength);
        }
        for (int i = from; i < to; i++) {
            if (tokenIds[i] < 0 || tokenIds[i] >= vocabSize) {
                throw new IllegalArgumentException("token id is outside the vocabulary: text=" + text + " index="
                        + (i - from) + " id=" + tokenIds[i] + " vocabSize=" + vocabSize);
            }
        }
    }

    /** Makes it one of the sessions that the model lends out, and closes itself. */
    void joinPool() {
        pooled = true;
    }

    /** Lent to a thread that has entered the model's gate, or given back with null. */
    void lendTo(Thread thread) {
        borrower = thread;
    }

    Thread borrower() {
        return borrower;
    }

    private void enter() {
        // Whoever borrows has entered the gate already, and may finish after closing began.
        boolean throughGate = borrower == null;
        if (throughGate) {
            model.gate().enter();
        }
        if (!busy.compareAndSet(false, true)) {
            if (throughGate) {
                model.gate().exit();
            }
            throw new IllegalStateException("a session serves one thread at a time; open one per thread, or use the"
                    + " model's own embed methods");
        }
        if (freed.get()) {
            exit();
            throw new IllegalStateException("the session is closed");
        }
    }

    private void exit() {
        busy.set(false);
        if (borrower == null) {
            model.gate().exit();
        }
    }

    /**
     * Frees the workspace. Harmless when repeated, or when the model is being closed meanwhile.
     *
     * @throws IllegalStateException while another thread is using the session, or when it is one of the model's own
     */
    @Override
    public void close() {
        if (pooled) {
            throw new IllegalStateException("a borrowed session is closed by its model");
        }
        if (!busy.compareAndSet(false, true)) {
            throw new IllegalStateException("the session is in use by another thread");
        }
        try {
            free();
        } finally {
            busy.set(false);
        }
    }

    /** Frees the workspace, once; no call is in flight. */
    void free() {
        if (!freed.compareAndSet(false, true)) {
            return;
        }
        model.forget(this);
        try {
            context.close();
        } finally {
            arena.close();
            if (preprocessor != null) {
                preprocessor.close();
            }
        }
    }
}
