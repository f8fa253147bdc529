package org.clip4j.clip;

import java.nio.FloatBuffer;
import java.util.List;
import org.clip4j.image.Image;
import org.clip4j.kernels.ExecutionContext;

/**
 * One thread's way to embed. Holds the activations of a forward pass, so that {@link #embedPixels} and
 * {@link #embedTokens} allocate nothing once they have run for the first time.
 *
 * <p>One thread at a time: a second one that calls meanwhile gets an {@link IllegalStateException}. Closed by whoever
 * opened it, or with its model. Output goes to the caller's buffers at absolute positions; their position and limit do
 * not change.
 */
public final class ClipSession implements AutoCloseable {
    private static final int NOTHING = -1;

    private final ClipModel model;
    private final SessionOptions options;
    private final ExecutionContext context;
    private final SessionArguments checks;
    private final SessionUse use;
    private final FinishSignal finishSignal;
    private ImageBatch imageBatch;
    private TextBatch textBatch;
    private TextPasses textPasses;
    private ImageFeed feed; // of the host when first used
    /** Images begun and not finished. */
    private int started = NOTHING;

    ClipSession(ClipModel model, SessionOptions options) {
        this.model = model;
        this.options = options;
        this.checks = new SessionArguments(model.config());
        this.use = new SessionUse(model.gate());
        this.context = model.backend().newContext();
        this.finishSignal = new FinishSignal(context);
        this.feed = options.resizeOnDevice() ? DevicePreparation.open(model, context) : null;
    }

    /**
     * Makes the first calls as fast as later ones. Allocates the workspace of the towers that were loaded and uses all of it,
     * by a pass of {@link SessionOptions#maxImages} images and one of {@link SessionOptions#maxTexts} texts of full length;
     * embeds one text of each length, since some libraries prepare themselves for each; and then embeds one image, from a
     * small JPEG on, and one short text, again and again, until Java has compiled nothing for a while, 2 seconds at most.
     *
     * <p>That is one pass of each largest size, a text for every length of the context (75 of CLIP's models), and those
     * 2 seconds at most: some seconds on a processor. What the {@link #pixelBuffer} held is lost. Batches between one and the
     * largest may yet meet something for the first time, such as primitives of onednn.
     */
    public void warmUp() {
        new WarmUp(this, options).run();
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
     * Decodes, preprocesses and embeds images of any size; decoding, too, is shared by the threads of the backend.
     *
     * @param out receives [images, E] from {@code outIndex} on
     * @throws org.clip4j.image.ImageFormatException when one cannot be decoded
     */
    public void embedImages(List<Image> images, EmbeddingForm form, FloatBuffer out, int outIndex) {
        enter();
        try {
            checks.requireRoom(out, outIndex, images.size());
            ImageBatch batch = images();
            for (int first = 0; first < images.size(); first += options.maxImages()) {
                int count = Math.min(options.maxImages(), images.size() - first);
                feed().feed(images, first, count, batch);
                batch.run(count, form);
                batch.download(count, out, outIndex + first * model.embedDim());
            }
        } finally {
            use.exit();
        }
    }

    /**
     * Memory of the session's from which {@link #embedPixels} need not copy, [maxImages, 3, R, R]; filled by the caller
     * between calls. Freed with the session.
     */
    public FloatBuffer pixelBuffer() {
        enter();
        try {
            return images().pixels();
        } finally {
            use.exit();
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
            checks.requireRoom(out, outIndex, images);
            checks.requirePixels(pixels, pixelsIndex, images);
            boolean lookAtResult = model.imageTower().spreadsNonFinite();
            if (!lookAtResult) {
                checks.requireFinite(pixels, pixelsIndex, images);
            }
            ImageBatch batch = images();
            int pixelsPerImage = checks.pixelsPerImage();
            for (int first = 0; first < images; first += options.maxImages()) {
                int count = Math.min(options.maxImages(), images - first);
                batch.upload(pixels, pixelsIndex + first * pixelsPerImage, count * pixelsPerImage);
                batch.run(count, form);
                batch.download(count, out, outIndex + first * model.embedDim());
            }
            if (lookAtResult && !checks.isFinite(out, outIndex, images)) {
                checks.requireFinite(pixels, pixelsIndex, images);
            }
        } finally {
            use.exit();
        }
    }

    /**
     * Begins to embed preprocessed images of one pass, and returns before a device is done; {@link #finish} waits and
     * delivers. Meanwhile the session does nothing else, and its {@link #pixelBuffer} is not to be touched. On a
     * processor the work is done at once. Allocates nothing once it has run.
     *
     * @param images at most {@link SessionOptions#maxImages}
     * @throws IllegalStateException when images were begun and are not finished
     */
    public void startPixels(FloatBuffer pixels, int pixelsIndex, int images) {
        enter();
        try {
            checks.requirePixels(pixels, pixelsIndex, images);
            if (images > options.maxImages()) {
                throw new IllegalArgumentException("more images than one pass has: images=" + images + " maxImages="
                        + options.maxImages());
            }
            if (!model.imageTower().spreadsNonFinite()) {
                checks.requireFinite(pixels, pixelsIndex, images);
            }
            images().upload(pixels, pixelsIndex, images * checks.pixelsPerImage());
            images().run(images, EmbeddingForm.NORMALIZED);
            finishSignal.request();
            started = images;
        } finally {
            use.exit();
        }
        finishSignal.arm();
    }

    /**
     * Has a handler called once for each {@link #startPixels} that returns, when what it began is done, so that nobody needs
     * to ask {@link #isFinished}. Set once, before anything is begun; costs neither a thread nor an allocation per call.
     *
     * <p>On a device the handler runs on a thread of the driver's, or on the caller's when that was slower; on a processor
     * at the end of {@code startPixels}. It must return fast and must not use a session or a model, for the driver stands
     * still meanwhile: it wakes someone, who then calls {@link #finish}. It is not called when the device is lost, so who
     * waits for it should do so for a limited time, and then call {@code finish}, which says what is wrong.
     *
     * @throws IllegalStateException when there is one already, images are under way, the session is one of the model's own,
     *     or the device has no more handlers (CUDA: 10 sessions of a process)
     */
    public void onFinished(Runnable handler) {
        use.requireOwn("a borrowed session has no handler of its own; open a session");
        enter();
        try {
            finishSignal.set(handler);
        } finally {
            use.exit();
        }
    }

    /** Whether what {@link #startPixels} began is done, so that {@link #finish} does not wait. */
    public boolean isFinished() {
        if (started == NOTHING) {
            return true;
        }
        use.enter();
        try {
            return context.isIdle();
        } finally {
            use.exit();
        }
    }

    /**
     * Delivers what {@link #startPixels} began, at unit length, [images, E]; waits for it when it must. When it was nothing,
     * nothing is written.
     *
     * @return the images
     * @throws IllegalArgumentException when an embedding is not finite, as one of a pixel that is not
     */
    public int finish(FloatBuffer out, int outIndex) {
        if (started == NOTHING) {
            return 0;
        }
        use.enter();
        try {
            int images = started;
            checks.requireRoom(out, outIndex, images);
            started = NOTHING;
            imageBatch.download(images, out, outIndex);
            checks.requireFiniteEmbeddings(out, outIndex, images);
            return images;
        } finally {
            use.exit();
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
            checks.requireRoom(out, outIndex, texts.size());
            int[][] tokens = new int[texts.size()][];
            for (int i = 0; i < tokens.length; i++) {
                tokens[i] = texts.get(i).encode(texts.get(i).isTokens() ? null : model.tokenizer());
                checks.requireTokens(tokens[i], 0, tokens[i].length, i);
            }
            texts().embedSorted(tokens, form, out, outIndex);
        } finally {
            use.exit();
        }
    }

    /** Tokens of all texts so far, up to and with the end token of each. */
    public long textTokens() {
        return textBatch == null ? 0 : textBatch.tokens();
    }

    /** Tokens that were computed for them: fewer by what {@link SessionOptions#sharedPrefixes} saves. */
    public long computedTextTokens() {
        return textBatch == null ? 0 : textBatch.nodes();
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
            checks.requireRoom(out, outIndex, texts);
            checks.requireOffsets(tokenIds, textOffsets, texts);
            texts().embed(tokenIds, textOffsets, texts, form, out, outIndex);
        } finally {
            use.exit();
        }
    }

    private ImageBatch images() {
        if (imageBatch == null) {
            imageBatch = new ImageBatch(model, context, options.maxImages());
        }
        return imageBatch;
    }

    private TextPasses texts() {
        if (textBatch == null) {
            textBatch = new TextBatch(model, context, options.maxTexts(), options.sharedPrefixes());
            textPasses = new TextPasses(textBatch, model.embedDim());
        }
        return textPasses;
    }

    private ImageFeed feed() {
        if (feed == null) {
            feed = new ImagePreparation(Preprocessing.of(model.config().preprocess()), context, options.maxImages());
        }
        return feed;
    }

    /** Waits for what {@link #startPixels} began, and forgets it. */
    void abandonStarted() {
        if (started != NOTHING) {
            use.enter();
            try {
                while (!context.isIdle()) {
                    Thread.onSpinWait();
                }
            } finally {
                started = NOTHING;
                use.exit();
            }
        }
    }

    /** Who uses it; for its model. */
    SessionUse use() {
        return use;
    }

    private void enter() {
        use.enter();
        if (started != NOTHING) {
            use.exit();
            throw new IllegalStateException("images were begun and are not finished: images=" + started
                    + "; call finish first");
        }
    }

    /**
     * Frees the workspace. Harmless when repeated, or when the model is being closed meanwhile.
     *
     * @throws IllegalStateException while another thread is using the session, or when it is one of the model's own
     */
    @Override
    public void close() {
        use.requireOwn("a borrowed session is closed by its model");
        use.beginClosing();
        try {
            free();
        } finally {
            use.endClosing();
        }
    }

    /** Frees the workspace, once; no call is in flight. */
    void free() {
        if (!use.free()) {
            return;
        }
        model.forget(this);
        try {
            if (feed != null) {
                feed.close(); // it may hold memory of the context's
            }
        } finally {
            closeContext();
        }
    }

    private void closeContext() {
        try {
            context.close();
        } finally {
            if (imageBatch != null) {
                imageBatch.close();
            }
            if (textBatch != null) {
                textBatch.close();
            }
        }
    }
}
