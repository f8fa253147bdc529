package org.clip4j.benchmarks.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Map;
import org.clip4j.benchmarks.Encoder;
import org.clip4j.benchmarks.EncoderInput;
import org.clip4j.benchmarks.onnx.OnnxGraphWriter.LinearForm;
import org.clip4j.weights.ModelFile;

/**
 * ONNX Runtime at its best: all graph optimisations, as many threads inside an operation as asked for and none between
 * operations, input and output in direct buffers that stay bound.
 */
public final class OnnxRuntimeEncoder implements Encoder {
    private final OrtSession.SessionOptions options;
    private final OrtSession session;
    private final Map<String, OnnxTensor> inputs;
    private final Map<String, OnnxTensor> outputs;
    private final FloatBuffer embeddings;

    private OnnxRuntimeEncoder(OrtSession.SessionOptions options, OrtSession session, EncoderInput input)
            throws OrtException {
        OrtEnvironment environment = OrtEnvironment.getEnvironment();
        this.options = options;
        this.session = session;
        embeddings = ByteBuffer.allocateDirect(input.batch() * input.embedDim() * Float.BYTES)
                .order(ByteOrder.nativeOrder()).asFloatBuffer();
        inputs = inputs(environment, input);
        outputs = Map.of(OnnxGraphWriter.EMBEDDINGS,
                OnnxTensor.createTensor(environment, embeddings, new long[]{input.batch(), input.embedDim()}));
    }

    /** Writes the tower that the input needs beside the model file, and loads it. */
    public static OnnxRuntimeEncoder open(Path modelFile, EncoderInput input, LinearForm linear, int threads) {
        return ofGraph(graphOf(modelFile, input, linear), input, threads);
    }

    static OnnxRuntimeEncoder ofGraph(Path graph, EncoderInput input, int threads) {
        OrtSession.SessionOptions options = null;
        OrtSession session = null;
        OnnxRuntimeEncoder encoder = null;
        try {
            options = options(threads);
            session = OrtEnvironment.getEnvironment().createSession(graph.toString(), options);
            encoder = new OnnxRuntimeEncoder(options, session, input);
            return encoder;
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime cannot load the graph: file=" + graph, e);
        } finally {
            if (encoder == null) {
                close(session, options);
            }
        }
    }

    private static Path graphOf(Path modelFile, EncoderInput input, LinearForm linear) {
        try (ModelFile model = ModelFile.open(modelFile)) {
            return input.isText()
                    ? OnnxGraphWriter.writeTextTower(model, linear)
                    : OnnxGraphWriter.writeImageTower(model, linear);
        } catch (IOException e) {
            throw new UncheckedIOException("graph cannot be written: model=" + modelFile, e);
        }
    }

    private static OrtSession.SessionOptions options(int threads) throws OrtException {
        OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        options.setOptimizationLevel(OrtSession.SessionOptions.OptLevel.ALL_OPT);
        options.setExecutionMode(OrtSession.SessionOptions.ExecutionMode.SEQUENTIAL);
        options.setIntraOpNumThreads(threads);
        options.setInterOpNumThreads(1);
        return options;
    }

    private static Map<String, OnnxTensor> inputs(OrtEnvironment environment, EncoderInput input) throws OrtException {
        if (!input.isText()) {
            long resolution = input.resolution();
            return Map.of(OnnxGraphWriter.PIXELS, OnnxTensor.createTensor(environment, input.pixels(),
                    new long[]{input.batch(), 3, resolution, resolution}));
        }
        int length = input.ids().length / input.batch();
        LongBuffer ids = ByteBuffer.allocateDirect(input.ids().length * Long.BYTES).order(ByteOrder.nativeOrder())
                .asLongBuffer();
        for (int id : input.ids()) {
            ids.put(id);
        }
        return Map.of(OnnxGraphWriter.TOKENS,
                OnnxTensor.createTensor(environment, ids.flip(), new long[]{input.batch(), length}));
    }

    @Override
    public void encode() {
        try {
            session.run(inputs, outputs).close(); // the bound output stays open
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime failed", e);
        }
    }

    @Override
    public FloatBuffer embeddings() {
        return embeddings;
    }

    @Override
    public void close() {
        inputs.values().forEach(OnnxTensor::close);
        outputs.values().forEach(OnnxTensor::close);
        close(session, options);
    }

    private static void close(OrtSession session, OrtSession.SessionOptions options) {
        try {
            if (session != null) {
                session.close();
            }
        } catch (OrtException e) {
            throw new IllegalStateException("ONNX Runtime cannot be closed", e);
        } finally {
            if (options != null) {
                options.close();
            }
        }
    }
}
