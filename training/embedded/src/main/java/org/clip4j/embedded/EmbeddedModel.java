package org.clip4j.embedded;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.clip4j.clip.ClipModel;
import org.clip4j.clip.LoadOptions;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.ModelFileException;

/**
 * A small model that answers on a fresh machine. It was trained on pictures that a program draws, with captions in
 * English: coloured shapes, digits and short words. It knows nothing of photos. Nothing is written to disk. Stateless.
 */
public final class EmbeddedModel {
    /** What messages call it. */
    public static final String NAME = "embedded:drawn.safetensors";

    private static final String RESOURCE = "drawn.safetensors";

    private EmbeddedModel() {}

    /**
     * Opens its model file, which lies in memory; the caller closes it.
     *
     * @throws ModelFileException when this artifact was built without the model
     */
    public static ModelFile open() throws IOException {
        return open(RESOURCE);
    }

    /**
     * The bytes of its model file; the caller closes the stream.
     *
     * @throws ModelFileException when this artifact was built without the model
     */
    public static InputStream stream() throws IOException {
        return stream(RESOURCE);
    }

    /**
     * Loads it; the caller closes it.
     *
     * @throws org.clip4j.kernels.BackendException when the backend that the options name cannot be used
     */
    public static ClipModel load(LoadOptions options) throws IOException {
        return ClipModel.load(open(), options);
    }

    static ModelFile open(String resource) throws IOException {
        try (InputStream in = stream(resource)) {
            // Direct, as native backends read it; the copy on the heap is gone at the next collection.
            byte[] content = in.readAllBytes();
            return ModelFile.read(ByteBuffer.allocateDirect(content.length).put(content).flip(), NAME);
        }
    }

    private static InputStream stream(String resource) throws IOException {
        InputStream in = EmbeddedModel.class.getResourceAsStream(resource);
        if (in == null) {
            throw new ModelFileException("this build has no embedded model: resource=" + resource + " package="
                    + EmbeddedModel.class.getPackageName() + "; name a model file instead");
        }
        return in;
    }
}
