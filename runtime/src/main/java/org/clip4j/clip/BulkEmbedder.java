package org.clip4j.clip;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Embeds many preprocessed images on several devices, or in several sessions of one: while one batch is computed the next
 * is uploaded and the last delivered, all from the caller's thread. Results are in the order of the input. For one thread
 * at a time; closed by whoever opened it, before its models.
 */
public final class BulkEmbedder implements AutoCloseable {
    private final List<ClipSession> sessions = new ArrayList<>();
    private final int batch;
    private final int embedDim;
    private final int pixelsPerImage;

    /**
     * Opens the sessions.
     *
     * @param models the same model, loaded on one device each; they stay the caller's
     * @param sessionsPerModel 2 or more, for transfers and computing to overlap
     * @param batch images of one pass
     * @throws IllegalArgumentException when the models differ in their embeddings' or images' size
     */
    public BulkEmbedder(List<ClipModel> models, int sessionsPerModel, int batch) {
        if (models.isEmpty() || sessionsPerModel < 1) {
            throw new IllegalArgumentException("there must be a session: models=" + models.size()
                    + " sessionsPerModel=" + sessionsPerModel);
        }
        ClipModel first = models.get(0);
        this.batch = batch;
        this.embedDim = first.embedDim();
        this.pixelsPerImage = 3 * first.imageResolution() * first.imageResolution();
        boolean complete = false;
        try {
            // One session of each device after another, so that batches go round the devices first.
            for (int i = 0; i < sessionsPerModel; i++) {
                for (ClipModel model : models) {
                    if (model.embedDim() != embedDim || model.imageResolution() != first.imageResolution()) {
                        throw new IllegalArgumentException("models differ: " + first.name() + " embedDim=" + embedDim
                                + " imageResolution=" + first.imageResolution() + ", " + model.name() + " embedDim="
                                + model.embedDim() + " imageResolution=" + model.imageResolution());
                    }
                    sessions.add(model.newSession(new SessionOptions(batch, 1)));
                }
            }
            complete = true;
        } finally {
            if (!complete) {
                close();
            }
        }
    }

    /**
     * Embeds images; unit length.
     *
     * @param pixels [images, 3, R, R] from {@code pixelsIndex} on, normalised as the model wants it
     * @param out receives [images, E] from {@code outIndex} on
     */
    public void embedPixels(FloatBuffer pixels, int pixelsIndex, int images, FloatBuffer out, int outIndex) {
        Objects.checkFromIndexSize(pixelsIndex, (long) images * pixelsPerImage, pixels.limit());
        Objects.checkFromIndexSize(outIndex, (long) images * embedDim, out.limit());
        int batches = (images + batch - 1) / batch;
        int finished = 0;
        try {
            for (int i = 0; i < batches; i++) {
                ClipSession session = sessions.get(i % sessions.size());
                if (i >= sessions.size()) {
                    session.finish(out, outIndex + finished++ * batch * embedDim);
                }
                session.startPixels(pixels, pixelsIndex + i * batch * pixelsPerImage,
                        Math.min(batch, images - i * batch));
            }
            while (finished < batches) {
                sessions.get(finished % sessions.size()).finish(out, outIndex + finished++ * batch * embedDim);
            }
        } finally {
            if (finished < batches) {
                abandon();
            }
        }
    }

    /** Waits for what is under way after a failure, so that the sessions can be used again. */
    private void abandon() {
        for (ClipSession session : sessions) {
            try {
                session.abandonStarted();
            } catch (RuntimeException e) {
                // The first failure is the one that the caller hears of.
            }
        }
    }

    @Override
    public void close() {
        RuntimeException failure = null;
        for (ClipSession session : sessions) {
            try {
                session.close();
            } catch (RuntimeException e) {
                // All others are closed first.
                failure = failure == null ? e : failure;
            }
        }
        sessions.clear();
        if (failure != null) {
            throw failure;
        }
    }
}
