package org.clip4j.clip;

import java.nio.FloatBuffer;
import java.util.Arrays;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.Tensor;
import org.clip4j.model.TextTower;

/** A session's texts of one pass: gathered one by one, then embedded together. Owns its memory. */
final class TextBatch implements AutoCloseable {
    /** What a prompt of a few words adds to those that begin like it; texts that add less do not fill a pass. */
    private static final int ADDED_NODES = 4;

    private final ExecutionContext context;
    private final L2Normalize l2Normalize;
    private final int embedDim;
    private final Arena arena;
    private final TextTower.Pass pass;
    private final Tensor units; // [maxTexts,E]
    private final Tensor[] rows; // [E] each, of the pass's output
    private final Tensor[] unitRows; // [E] each
    private final Runnable forward = this::forward;
    private EmbeddingForm form;
    private long tokensEmbedded;
    private long nodesComputed;

    /**
     * Allocates it.
     *
     * @param fullTexts texts of a pass when they fill the model's context; of shorter ones it takes more
     * @param sharing whether what texts begin with in common is computed once
     * @throws OutOfMemoryError that says which batch would fit
     */
    TextBatch(ClipModel model, ExecutionContext context, int fullTexts, boolean sharing) {
        this.context = context;
        this.embedDim = model.embedDim();
        this.l2Normalize = model.backend().l2Normalize(embedDim);
        int contextLength = model.config().text().contextLength();
        int maxNodes = fullTexts * contextLength;
        int maxTexts = Math.max(fullTexts, maxNodes / ADDED_NODES);
        TextTower tower = model.textTower();
        arena = model.backend().newArena();
        boolean complete = false;
        try {
            pass = tower.newPass(context, arena, maxTexts, maxNodes, sharing);
            units = arena.allocateShared(DType.F32, maxTexts, embedDim);
            pass.fill();
            context.reserve(pass::run);
            complete = true;
        } catch (OutOfMemoryError e) {
            arena.close();
            throw Footprint.explain(e, "maxTexts", fullTexts, arena.freeBytes(),
                    size -> Footprint.bytes(context, counting -> {
                        TextTower.Pass other = tower.newPass(context, counting,
                                Math.max(size, size * contextLength / ADDED_NODES), size * contextLength, sharing);
                        other.fill();
                        return other::run;
                    }));
        } finally {
            if (!complete) {
                arena.close();
            }
        }
        rows = new Tensor[maxTexts];
        Arrays.setAll(rows, i -> pass.output().rows(i, i + 1));
        unitRows = new Tensor[maxTexts];
        Arrays.setAll(unitRows, i -> units.rows(i, i + 1));
    }

    /** Forgets the texts gathered. */
    void clear() {
        pass.clear();
    }

    /** Adds a text; false when the pass is full. */
    boolean add(int[] tokens, int from, int to) {
        return pass.add(tokens, from, to);
    }

    /** Texts gathered. */
    int texts() {
        return pass.texts();
    }

    /** Runs the tower on the texts gathered. */
    void run(EmbeddingForm newForm) {
        pass.settle();
        tokensEmbedded += pass.tokens();
        nodesComputed += pass.nodes();
        form = newForm;
        context.replay(pass.key() << 1 | newForm.bit(), forward);
    }

    private void forward() {
        pass.run();
        if (form == EmbeddingForm.NORMALIZED) {
            l2Normalize.run(context, pass.output(), pass.outputRows(), units);
        }
    }

    /** Delivers the embeddings of the last run; waits for them. */
    void download(FloatBuffer out, int outIndex) {
        context.download(form == EmbeddingForm.NORMALIZED ? units : pass.output(), out, outIndex,
                pass.texts() * embedDim);
    }

    /** Delivers the embedding of one text of the last run. */
    void download(int text, FloatBuffer out, int outIndex) {
        context.download(form == EmbeddingForm.NORMALIZED ? unitRows[text] : rows[text], out, outIndex, embedDim);
    }

    /** Tokens of all texts so far, up to and with the pooled ones. */
    long tokens() {
        return tokensEmbedded;
    }

    /** Tokens that were computed for them, those shared once per pass. */
    long nodes() {
        return nodesComputed;
    }

    @Override
    public void close() {
        arena.close();
    }
}
