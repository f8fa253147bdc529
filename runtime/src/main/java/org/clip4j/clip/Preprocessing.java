package org.clip4j.clip;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.util.List;
import org.clip4j.image.Image;
import org.clip4j.image.ImageDecoder;
import org.clip4j.image.ImageFormatException;
import org.clip4j.image.PixelMemory;
import org.clip4j.image.PreprocessConfig;
import org.clip4j.image.Preprocessor;
import org.clip4j.weights.PreprocessSpec;

/** Bridges what a model file says about images and what the preprocessor understands. Stateless. */
public final class Preprocessing {
    /** 640x480, one colour: Pillow's {@code Image.new('RGB', (640, 480), (122, 116, 104))}, quality 75. */
    private static final String PICTURE = "warm-up.jpg";
    private static final int PICTURE_WIDTH = 640;
    private static final int PICTURE_HEIGHT = 480;

    private Preprocessing() {}

    /**
     * Decodes a small picture and makes it an encoder's input, so that the first image does not wait for libraries and
     * classes: for a thread that has nothing to do while a model is loaded. Any thread; keeps no memory.
     */
    public static void warmUp() {
        PreprocessConfig config = PreprocessConfig.clip(PICTURE_HEIGHT / 2);
        try (Preprocessor preprocessor = new Preprocessor(config)) {
            preprocessor.tensor(picture(), FloatBuffer.allocate(3 * config.size() * config.size()), 0);
        }
    }

    /** A JPEG, or the same picture in pixels where no codec decodes it. */
    static Image picture() {
        try (InputStream in = Preprocessing.class.getResourceAsStream(PICTURE);
                PixelMemory memory = ImageDecoder.create().newMemory()) {
            byte[] jpeg = in.readAllBytes();
            ImageDecoder.create().decode(jpeg, memory).close();
            return Image.of(jpeg);
        } catch (IOException e) {
            throw new UncheckedIOException("resource cannot be read: name=" + PICTURE, e);
        } catch (ImageFormatException e) {
            int stride = 3 * PICTURE_WIDTH;
            return Image.rgb(ByteBuffer.allocate(stride * PICTURE_HEIGHT), PICTURE_WIDTH, PICTURE_HEIGHT, stride);
        }
    }

    /** The preprocessor's configuration for a model. */
    public static PreprocessConfig of(PreprocessSpec spec) {
        return new PreprocessConfig(spec.size(), channels(spec.mean()), channels(spec.std()),
                PreprocessConfig.Interpolation.BICUBIC, PreprocessConfig.ResizeMode.SHORTEST_EDGE_CENTRE_CROP);
    }

    private static PreprocessConfig.Channels channels(List<Float> values) {
        return new PreprocessConfig.Channels(values.get(0), values.get(1), values.get(2));
    }
}
