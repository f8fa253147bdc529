package org.clip4j.benchmarks.djl;

import ai.djl.Device;
import ai.djl.MalformedModelException;
import ai.djl.Model;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.translate.NoBatchifyTranslator;
import ai.djl.translate.TranslateException;
import ai.djl.translate.TranslatorContext;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import org.clip4j.benchmarks.Encoder;
import org.clip4j.benchmarks.EncoderInput;
import org.clip4j.kernels.DType;
import org.clip4j.weights.ModelFile;

/**
 * DJL's predictor over a TorchScript module: the input lies in PyTorch's memory before the call, and the result is
 * copied into a direct buffer within it. DJL records no gradients then.
 */
public final class DjlEncoder implements Encoder {
    private final NDManager manager;
    private final Model model;
    private final Predictor<NDList, FloatBuffer> predictor;
    private final NDList inputs;
    private final FloatBuffer embeddings;

    private DjlEncoder(NDManager manager, Model model, EncoderInput input) {
        this.manager = manager;
        this.model = model;
        embeddings = ByteBuffer.allocateDirect(input.batch() * input.embedDim() * Float.BYTES)
                .order(ByteOrder.nativeOrder()).asFloatBuffer();
        int R = input.resolution();
        NDArray pixels = manager.create(input.pixels().duplicate(), new Shape(input.batch(), 3, R, R));
        inputs = new NDList(pixels);
        predictor = model.newPredictor(new CopyOut(embeddings));
    }

    private record CopyOut(FloatBuffer to) implements NoBatchifyTranslator<NDList, FloatBuffer> {
        @Override
        public NDList processInput(TranslatorContext context, NDList input) {
            return input;
        }

        @Override
        public FloatBuffer processOutput(TranslatorContext context, NDList list) {
            FloatBuffer result = list.singletonOrThrow().toByteBuffer(true).asFloatBuffer();
            return to.put(0, result, 0, to.capacity());
        }
    }

    /** Writes the tower beside the model file, and loads it. */
    public static DjlEncoder open(Path modelFile, EncoderInput input, DType dtype, int threads) {
        if (input.isText()) {
            throw new IllegalArgumentException("DJL is measured with images only");
        }
        try (ModelFile file = ModelFile.open(modelFile)) {
            return ofScript(ImageTowerScript.write(file, dtype), input, threads);
        } catch (IOException e) {
            throw new UncheckedIOException("script cannot be written: model=" + modelFile, e);
        }
    }

    private static DjlEncoder ofScript(Path script, EncoderInput input, int threads) throws IOException {
        NDManager manager = DjlEngine.withThreads(threads).newBaseManager(Device.cpu());
        Model model = null;
        DjlEncoder encoder = null;
        try {
            model = Model.newInstance("tower", Device.cpu(), "PyTorch");
            model.load(script);
            encoder = new DjlEncoder(manager, model, input);
            return encoder;
        } catch (MalformedModelException e) {
            throw new IllegalStateException("DJL cannot load the script: file=" + script, e);
        } finally {
            if (encoder == null) {
                if (model != null) {
                    model.close();
                }
                manager.close();
            }
        }
    }

    @Override
    public void encode() {
        try {
            predictor.predict(inputs);
        } catch (TranslateException e) {
            throw new IllegalStateException("DJL failed", e);
        }
    }

    @Override
    public FloatBuffer embeddings() {
        return embeddings;
    }

    @Override
    public void close() {
        predictor.close();
        model.close();
        manager.close();
    }
}
