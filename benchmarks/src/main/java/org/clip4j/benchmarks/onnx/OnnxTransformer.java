package org.clip4j.benchmarks.onnx;

import java.io.IOException;
import java.util.List;
import org.clip4j.benchmarks.onnx.OnnxGraph.Attribute;
import org.clip4j.kernels.Activation;

/**
 * Writes the residual attention blocks that both towers have. Between operations rows of all sequences stand below each
 * other, [B*T,D], so that linear layers are {@code Gemm} nodes, whose weights ONNX Runtime packs as they lie in the
 * model file, [out,in].
 */
final class OnnxTransformer {
    // 1e-5: torch.nn.LayerNorm's default, which openai/CLIP uses.
    private static final float EPSILON = 1e-5f;
    // 1.702: QuickGELU, openai/CLIP clip/model.py
    private static final float QUICK_GELU = 1.702f;

    private final OnnxGraph graph;
    private final AttentionForm form;
    private final Shape shape;
    private final String sequenceShape;
    private final Int8Weights int8;

    /** How attention is written. */
    enum AttentionForm {
        /** Standard operators, as exporters write them; ONNX Runtime fuses what it recognises. */
        STANDARD,
        /** ONNX Runtime's own {@code MultiHeadAttention}. */
        FUSED
    }

    /** Sizes of a tower. */
    record Shape(int width, int layers, int heads, Activation activation, boolean causal) {}

    /**
     * A writer of blocks.
     *
     * @param sequenceShape name of a vector [B, T, 3 D], or with -1 and 0 for what follows from the rest
     * @param int8 receives the weights of linear layers; null to leave them in f32
     */
    OnnxTransformer(OnnxGraph graph, AttentionForm form, Shape shape, String sequenceShape, Int8Weights int8) {
        this.graph = graph;
        this.form = form;
        this.shape = shape;
        this.sequenceShape = sequenceShape;
        this.int8 = int8;
    }

    /** All blocks; x and the result are [B*T,D]. */
    String blocks(String prefix, String x) throws IOException {
        String rows = x;
        for (int layer = 0; layer < shape.layers(); layer++) {
            rows = block(prefix + layer + ".", rows);
        }
        return rows;
    }

    private String block(String prefix, String x) throws IOException {
        String normed = layerNorm(prefix + "ln_1", x); // [B*T,D]
        String qkv = linear(prefix + "attn.in_proj_", normed); // [B*T,3D]
        String attended = attention(graph.node("Reshape", List.of(qkv, sequenceShape))); // [B*T,D]
        String middle = graph.node("Add", List.of(x, linear(prefix + "attn.out_proj.", attended))); // [B*T,D]
        String hidden = activation(linear(prefix + "mlp.c_fc.", layerNorm(prefix + "ln_2", middle))); // [B*T,M]
        return graph.node("Add", List.of(middle, linear(prefix + "mlp.c_proj.", hidden))); // [B*T,D]
    }

    String layerNorm(String prefix, String x) {
        return graph.node("LayerNormalization",
                List.of(x, graph.weight(prefix + ".weight"), graph.weight(prefix + ".bias")),
                Attribute.of("axis", -1), Attribute.of("epsilon", EPSILON));
    }

    private String linear(String prefix, String x) throws IOException {
        if (int8 != null) {
            String name = prefix + "weight";
            Int8Weights.Layer layer = int8.add(name);
            // Inputs in 8 bits, their range that of each call; "" stands for no zero point of the weights.
            return graph.contribNode("DynamicQuantizeMatMul",
                    List.of(x, graph.int8Weight(name + ".int8", int8.file().getFileName().toString(), layer),
                            graph.floats(name + ".scales", layer.scales()), "", graph.weight(prefix + "bias")));
        }
        return graph.node("Gemm", List.of(x, graph.weight(prefix + "weight"), graph.weight(prefix + "bias")),
                Attribute.of("transB", 1));
    }

    private String activation(String x) {
        if (shape.activation() == Activation.GELU) {
            return graph.node("Gelu", List.of(x));
        }
        // ONNX Runtime makes one QuickGelu of the three.
        String scaled = graph.node("Mul", List.of(x, graph.scalar(QUICK_GELU)));
        return graph.node("Mul", List.of(x, graph.node("Sigmoid", List.of(scaled))));
    }

    private String attention(String qkv) {
        String thirds = graph.integers(shape.width(), shape.width(), shape.width());
        List<String> parts = graph.node("", "Split", List.of(qkv, thirds), 3, Attribute.of("axis", 2)); // 3 x [B,T,D]
        String attended = form == AttentionForm.FUSED
                ? graph.contribNode("MultiHeadAttention", parts, Attribute.of("num_heads", shape.heads()),
                        Attribute.of("unidirectional", shape.causal() ? 1 : 0))
                : standardAttention(parts); // [B,T,D]
        return graph.node("Reshape", List.of(attended, graph.integers(-1, shape.width()))); // [B*T,D]
    }

    private String standardAttention(List<String> parts) {
        String scaled = graph.node("Mul", List.of(parts.get(0),
                graph.scalar((float) (1 / Math.sqrt((double) shape.width() / shape.heads())))));
        String q = headsFirst(scaled, List.of(0, 2, 1, 3)); // [B,H,T,Dh]
        String k = headsFirst(parts.get(1), List.of(0, 2, 3, 1)); // [B,H,Dh,T]
        String v = headsFirst(parts.get(2), List.of(0, 2, 1, 3)); // [B,H,T,Dh]
        String scores = graph.node("MatMul", List.of(q, k)); // [B,H,T,T]
        if (shape.causal()) {
            scores = graph.node("Add", List.of(scores, causalMask(scores)));
        }
        String weights = graph.node("Softmax", List.of(scores), Attribute.of("axis", -1)); // [B,H,T,T]
        String attended = graph.node("MatMul", List.of(weights, v)); // [B,H,T,Dh]
        String rows = graph.node("Transpose", List.of(attended), Attribute.of("perm", List.of(0, 2, 1, 3)));
        return graph.node("Reshape", List.of(rows, graph.integers(0, 0, shape.width()))); // [B,T,D]
    }

    private String headsFirst(String x, List<Integer> permutation) {
        String heads = graph.node("Reshape",
                List.of(x, graph.integers(0, 0, shape.heads(), shape.width() / shape.heads()))); // [B,T,H,Dh]
        return graph.node("Transpose", List.of(heads), Attribute.of("perm", permutation));
    }

    /** 0 on and below the diagonal, a very negative number above: [T,T]. */
    private String causalMask(String scores) {
        String size = graph.node("Shape", List.of(scores), Attribute.of("start", 2)); // [2]
        // -3.4e38: the lowest float nearly; minus infinity would turn 0 * mask into NaN.
        String lowest = graph.node("Expand", List.of(graph.scalar(-3.4e38f), size));
        return graph.node("Trilu", List.of(lowest, graph.scalarInteger(1)), Attribute.of("upper", 1));
    }
}
