package org.clip4j.clip;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.clip4j.image.Image;
import org.clip4j.image.ImageDecoder;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.kernels.ExecutionContext;

/** Decodes and preprocesses the images of a pass on the threads that compute it, each with scratch of its own. */
final class ImagePreparation implements ImageFeed {
    private final PreprocessConfig config;
    private final ExecutionContext context;
    private final ImageDecoder decoder = ImageDecoder.create();
    private final Preprocessor[] preprocessors; // of each thread, when it has had an image
    private final RuntimeException[] failures; // of each image
    private final ExecutionContext.HostTask task = this::prepareSome;
    private final AtomicInteger next = new AtomicInteger();
    private final int pixelsPerImage;
    private List<Image> images;
    private int first;
    private int count;
    private int end;
    private FloatBuffer pixels;

    ImagePreparation(PreprocessConfig config, ExecutionContext context, int maxImages) {
        this.config = config;
        this.pixelsPerImage = 3 * config.size() * config.size();
        this.context = context;
        this.preprocessors = new Preprocessor[context.hostLanes()];
        this.failures = new RuntimeException[maxImages];
    }

    @Override
    public void feed(List<Image> newImages, int newFirst, int newCount, ImageBatch batch) {
        FloatBuffer staging = batch.pixels();
        prepare(newImages, newFirst, newCount, staging);
        batch.upload(staging, 0, newCount * pixelsPerImage);
    }

    private void prepare(List<Image> newImages, int newFirst, int newCount, FloatBuffer newPixels) {
        images = newImages;
        first = newFirst;
        count = newCount;
        pixels = newPixels;
        next.set(0);
        try {
            // An image for each thread at a time: other sessions of the model wait for these threads meanwhile.
            int lanes = preprocessors.length;
            for (int start = 0; start < count; start += lanes) {
                end = Math.min(count, start + lanes);
                next.set(start);
                if (end - start == 1) {
                    prepareSome(0); // not worth waking others
                } else {
                    context.runOnHost(task);
                }
            }
            for (int i = 0; i < count; i++) {
                if (failures[i] != null) {
                    throw failures[i];
                }
            }
        } finally {
            Arrays.fill(failures, 0, count, null);
            images = null;
            pixels = null;
        }
    }

    /** Takes images as long as there are some up to the end of the group. */
    private void prepareSome(int lane) {
        for (int i = next.getAndIncrement(); i < end; i = next.getAndIncrement()) {
            try {
                preprocessor(lane).tensor(images.get(first + i), pixels, i * pixelsPerImage);
            } catch (RuntimeException e) {
                failures[i] = e; // thrown by the session's own thread
            }
        }
    }

    private Preprocessor preprocessor(int lane) {
        if (preprocessors[lane] == null) {
            preprocessors[lane] = new Preprocessor(config, decoder);
        }
        return preprocessors[lane];
    }

    @Override
    public void close() {
        for (Preprocessor preprocessor : preprocessors) {
            if (preprocessor != null) {
                preprocessor.close();
            }
        }
    }
}
