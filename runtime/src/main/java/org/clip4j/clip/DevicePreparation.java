package org.clip4j.clip;

import java.util.List;
import org.clip4j.image.Image;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.kernels.ExecutionContext;
import org.clip4j.kernels.TensorResampler;

/**
 * Decodes images on the session's thread and has the device resize, crop and normalise them: it resizes one while the next
 * is decoded.
 */
final class DevicePreparation implements ImageFeed {
    private final Preprocessor preprocessor;
    private final TensorResampler resampler;

    private DevicePreparation(Preprocessor preprocessor, TensorResampler resampler) {
        this.preprocessor = preprocessor;
        this.resampler = resampler;
    }

    /**
     * Opens it, and closes the context when it cannot.
     *
     * @throws IllegalArgumentException when the backend leaves resizing to the host
     */
    static DevicePreparation open(ClipModel model, ExecutionContext context) {
        PreprocessConfig config = Preprocessing.of(model.config().preprocess());
        DevicePreparation opened = null;
        try {
            // Last what has to be freed: nothing can fail behind it.
            opened = new DevicePreparation(new Preprocessor(config), context
                    .openResampler(config.size(), config.levels())
                    .orElseThrow(() -> new IllegalArgumentException("backend '" + model.backendName() + "' leaves"
                            + " resizing to the host: resizeOnDevice=true; leave it out, or choose --device cuda")));
            return opened;
        } finally {
            if (opened == null) {
                context.close();
            }
        }
    }

    @Override
    public void feed(List<Image> images, int first, int count, ImageBatch batch) {
        for (int i = 0; i < count; i++) {
            preprocessor.tensor(images.get(first + i), resampler, batch.input(), i);
        }
    }

    @Override
    public void close() {
        try {
            resampler.close();
        } finally {
            preprocessor.close();
        }
    }
}
