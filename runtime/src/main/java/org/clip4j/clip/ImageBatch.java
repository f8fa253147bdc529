package org.clip4j.clip;

import java.nio.FloatBuffer;
import org.clip4j.kernels.Arena;
import org.clip4j.kernels.DType;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.L2Normalize;
import org.clip4j.kernels.Tensor;
import org.clip4j.model.ImageTower;

/** A session's images of one pass: where they go in, the forward pass, where embeddings come out. Owns its memory. */
final class ImageBatch implements AutoCloseable {
    private final ExecutionContext context;
    private final L2Normalize l2Normalize;
    private final int maxImages;
    private final int embedDim;
    private final Arena arena;
    private final ImageTower.Pass pass;
    private final Tensor units; // [maxImages,E]
    private final Runnable forward = this::forward;
    private int rows; // images, or somewhat more
    private EmbeddingForm form;

    /**
     * Allocates it.
     *
     * @throws OutOfMemoryError that says which batch would fit
     */
    ImageBatch(ClipModel model, ExecutionContext context, int maxImages) {
        this.context = context;
        this.maxImages = maxImages;
        this.embedDim = model.embedDim();
        this.l2Normalize = model.backend().l2Normalize(embedDim);
        ImageTower tower = model.imageTower();
        arena = model.backend().newArena();
        boolean complete = false;
        try {
            pass = tower.newPass(context, arena, maxImages);
            units = arena.allocateShared(DType.F32, maxImages, embedDim);
            context.reserve(() -> pass.run(maxImages));
            complete = true;
        } catch (OutOfMemoryError e) {
            arena.close();
            throw Footprint.explain(e, "maxImages", maxImages, arena.freeBytes(),
                    images -> Footprint.bytes(context, counting -> {
                        ImageTower.Pass other = tower.newPass(context, counting, images);
                        return () -> other.run(images);
                    }));
        } finally {
            if (!complete) {
                arena.close();
            }
        }
    }

    /** Host memory to fill with pixels, see {@link ExecutionContext#staging}. */
    FloatBuffer pixels() {
        return context.staging(pass.input());
    }

    /** Where pixels are on the device, [maxImages, 3, R, R]. */
    Tensor input() {
        return pass.input();
    }

    /** Brings pixels in. */
    void upload(FloatBuffer pixels, int index, int count) {
        context.upload(pixels, index, pass.input(), count);
    }

    /** Runs the tower on the first images. */
    void run(int images, EmbeddingForm newForm) {
        rows = context.recordedRows(images, maxImages);
        form = newForm;
        // Below 0, where the keys of texts are not.
        context.replay(-1 - ((long) rows << 1 | newForm.bit()), forward);
    }

    private void forward() {
        pass.run(rows);
        if (form == EmbeddingForm.NORMALIZED) {
            l2Normalize.run(context, pass.output(), rows, units);
        }
    }

    /** Delivers the embeddings of the last run; waits for them. */
    void download(int images, FloatBuffer out, int outIndex) {
        context.download(form == EmbeddingForm.NORMALIZED ? units : pass.output(), out, outIndex, images * embedDim);
    }

    @Override
    public void close() {
        arena.close();
    }
}
