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

    /**
     * Opens it.
     *
     * @throws IllegalArgumentException when the backend leaves resizing to the host
     */
    DevicePreparation(PreprocessConfig config, ExecutionContext context, String backendName) {
        resampler = context.openResampler(config.size(), config.levels())
                .orElseThrow(() -> new IllegalArgumentException("backend '" + backendName + "' leaves resizing to the"
                        + " host: resizeOnDevice=true; leave it out, or choose --device cuda"));
        preprocessor = new Preprocessor(config);
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
