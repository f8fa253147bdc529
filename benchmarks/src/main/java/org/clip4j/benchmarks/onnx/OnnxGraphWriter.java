package org.clip4j.benchmarks.onnx;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.clip4j.benchmarks.onnx.OnnxGraph.Attribute;
import org.clip4j.benchmarks.onnx.OnnxTransformer.AttentionForm;
import org.clip4j.kernels.DType;
import org.clip4j.weights.ClipConfig;
import org.clip4j.weights.ModelFile;
import org.clip4j.weights.SafetensorsHeader;
import org.clip4j.weights.TextConfig;
import org.clip4j.weights.VisionConfig;

/**
 * Writes a tower of a model file as an ONNX graph. The graph holds no weights: it names their places in the model file,
 * so that both runtimes read the same bytes. Batch size, and text length, are free.
 *
 * <p>Source: openai/CLIP clip/model.py, VisionTransformer and CLIP.encode_text.
 */
public final class OnnxGraphWriter {
    /** Input of the image tower: f32 [B,3,R,R]. */
    public static final String PIXELS = "pixels";
    /** Input of the text tower: i64 [B,T], padded with zeros behind the end token. */
    public static final String TOKENS = "tokens";
    /** Output of both: f32 [B,E], not normalised. */
    public static final String EMBEDDINGS = "embeddings";

    private static final String BATCH = "batch";

    private final OnnxGraph graph;
    private final ClipConfig config;
    private final AttentionForm form;
    private final Int8Weights int8;

    private OnnxGraphWriter(ModelFile model, AttentionForm form, Int8Weights int8) {
        long tensorBytes = 0;
        for (SafetensorsHeader.Entry entry : model.entries()) {
            tensorBytes = Math.max(tensorBytes, entry.end());
            if (entry.dtype() != DType.F32 && !entry.name().equals(ModelFile.MERGES)) {
                throw new IllegalArgumentException("the graph takes f32 weights only: name=" + entry.name()
                        + " actual=" + entry.dtype() + " file=" + model.path() + "; convert with --dtype f32");
            }
        }
        // A safetensors file ends with its last tensor.
        graph = new OnnxGraph(model.path().getFileName().toString(), model.sizeBytes() - tensorBytes,
                model.entries());
        config = model.config();
        this.form = form;
        this.int8 = int8;
    }

    /** What the linear layers of the blocks are computed in. */
    public enum LinearForm {
        /** f32. */
        F32,
        /** 8 bits: weights per output, inputs per call ({@code DynamicQuantizeMatMul}). */
        INT8
    }

    /**
     * Writes the image tower beside the model file.
     *
     * @return the graph's file
     * @throws IllegalArgumentException when the tower is not a vision transformer, or weights are not f32
     */
    public static Path writeImageTower(ModelFile model, LinearForm linear) throws IOException {
        return writeImageTower(model, AttentionForm.FUSED, linear);
    }

    static Path writeImageTower(ModelFile model, AttentionForm form, LinearForm linear) throws IOException {
        if (!(model.config().vision() instanceof VisionConfig.Transformer vision)) {
            throw new IllegalArgumentException("only vision transformers are written as ONNX: file=" + model.path());
        }
        return write(model, "image", form, linear, writer -> writer.imageTower(vision));
    }

    /**
     * Writes the text tower beside the model file.
     *
     * @return the graph's file
     * @throws IllegalArgumentException when weights are not f32
     */
    public static Path writeTextTower(ModelFile model, LinearForm linear) throws IOException {
        return writeTextTower(model, AttentionForm.FUSED, linear);
    }

    static Path writeTextTower(ModelFile model, AttentionForm form, LinearForm linear) throws IOException {
        return write(model, "text", form, linear, writer -> writer.textTower(model.config().text()));
    }

    private interface Tower {
        void write(OnnxGraphWriter writer) throws IOException;
    }

    private static Path write(ModelFile model, String name, AttentionForm form, LinearForm linear, Tower tower)
            throws IOException {
        String start = model.path().getFileName() + "." + name;
        if (linear == LinearForm.F32) {
            OnnxGraphWriter writer = new OnnxGraphWriter(model, form, null);
            tower.write(writer);
            return Files.write(model.path().resolveSibling(start + ".onnx"), writer.graph.toModel(name));
        }
        try (Int8Weights int8 = new Int8Weights(model, model.path().resolveSibling(start + ".int8.bin"))) {
            OnnxGraphWriter writer = new OnnxGraphWriter(model, form, int8);
            tower.write(writer);
            return Files.write(model.path().resolveSibling(start + ".int8.onnx"), writer.graph.toModel(name));
        }
    }

    private void imageTower(VisionConfig.Transformer vision) throws IOException {
        int D = vision.width();
        int P = vision.patchSize();
        int patches = vision.grid() * vision.grid();
        graph.floatInput(PIXELS, BATCH, 3, vision.imageResolution(), vision.imageResolution());
        String grid = graph.node("Conv", List.of(PIXELS, graph.weight("visual.conv1.weight")),
                Attribute.of("kernel_shape", List.of(P, P)), Attribute.of("strides", List.of(P, P))); // [B,D,G,G]
        String columns = graph.node("Reshape", List.of(grid, graph.integers(0, D, patches))); // [B,D,G*G]
        String rows = graph.node("Transpose", List.of(columns), Attribute.of("perm", List.of(0, 2, 1))); // [B,G*G,D]
        String batch = graph.node("Shape", List.of(PIXELS), Attribute.of("end", 1)); // [1]
        String one = graph.node("Concat", List.of(batch, graph.integers(1, D)), Attribute.of("axis", 0)); // [3]
        String classTokens = graph.node("Expand", List.of(graph.weight("visual.class_embedding"), one)); // [B,1,D]
        String tokens = graph.node("Concat", List.of(classTokens, rows), Attribute.of("axis", 1)); // [B,T,D]
        String placed = graph.node("Add", List.of(tokens, graph.weight("visual.positional_embedding"))); // [B,T,D]
        OnnxTransformer transformer = new OnnxTransformer(graph, form,
                new OnnxTransformer.Shape(D, vision.layers(), vision.heads(), vision.activation(), false),
                graph.integers(-1, 1 + patches, 3L * D), int8);
        String x = graph.node("Reshape", List.of(placed, graph.integers(-1, D))); // [B*T,D]
        x = transformer.blocks("visual.transformer.resblocks.", transformer.layerNorm("visual.ln_pre", x)); // [B*T,D]
        String sequences = graph.node("Reshape", List.of(x, graph.integers(-1, 1 + patches, D))); // [B,T,D]
        String pooled = graph.node("Gather", List.of(sequences, graph.scalarInteger(0)),
                Attribute.of("axis", 1)); // [B,D]
        project(transformer.layerNorm("visual.ln_post", pooled), "visual.proj");
    }

    private void textTower(TextConfig text) throws IOException {
        int D = text.width();
        graph.integerInput(TOKENS, BATCH, "length");
        String shape = graph.node("Shape", List.of(TOKENS)); // [2]: B, T
        String length = graph.node("Shape", List.of(TOKENS), Attribute.of("start", 1)); // [1]
        String positions = graph.node("Slice",
                List.of(graph.weight("positional_embedding"), graph.integers(0), length)); // [T,D]
        String embedded = graph.node("Gather", List.of(graph.weight("token_embedding.weight"), TOKENS)); // [B,T,D]
        String placed = graph.node("Add", List.of(embedded, positions)); // [B,T,D]
        OnnxTransformer transformer = new OnnxTransformer(graph, form,
                new OnnxTransformer.Shape(D, text.layers(), text.heads(), text.activation(), true),
                graph.node("Concat", List.of(shape, graph.integers(3L * D)), Attribute.of("axis", 0)), int8);
        String x = graph.node("Reshape", List.of(placed, graph.integers(-1, D))); // [B*T,D]
        x = transformer.blocks("transformer.resblocks.", x); // [B*T,D]
        String sequences = graph.node("Reshape", List.of(x,
                graph.node("Concat", List.of(shape, graph.integers(D)), Attribute.of("axis", 0)))); // [B,T,D]
        String pooled = graph.node("GatherND", List.of(sequences, pooledPositions(text)),
                Attribute.of("batch_dims", 1)); // [B,D]
        project(transformer.layerNorm("ln_final", pooled), "text_projection");
    }

    /** Position of each text's end token: [B,1]. */
    private String pooledPositions(TextConfig text) {
        if (text.eotToken() == TextConfig.LARGEST_ID) {
            return graph.node("ArgMax", List.of(TOKENS), Attribute.of("axis", 1)); // the first of equals
        }
        String found = graph.node("Equal", List.of(TOKENS, graph.scalarInteger(text.eotToken()))); // [B,T]
        return graph.node("ArgMax", List.of(graph.node("Cast", List.of(found), Attribute.of("to", 7))),
                Attribute.of("axis", 1));
    }

    private void project(String pooled, String projection) {
        String embeddings = graph.node("MatMul", List.of(pooled, graph.weight(projection))); // [B,E]
        graph.floatOutput(embeddings, EMBEDDINGS, BATCH, config.embedDim());
    }
}
